"""Which objects a list or watch is about: namespace, name, labels, fields. Knows records, not encodings.

Source: API concepts, "Field selectors" and "Label selectors"; wording of the 400 as apimachinery has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sampan.errors import BadRequest
from sampan_machinery import selectors
from sampan_server.cache.records import Record
from sampan_server.read import forms
from sampan_server.registry import Served
from sampan_server.request import options
from sampan_server.request.encoding import decode_json
from sampan_server.request.request import Request

MOST_TERMS = 100  # each is asked of each object, and of each event of a watch
_META_FIELDS = ("metadata.name", "metadata.namespace")


class Selection:
    """A parsed selection. ``narrow`` is False when it takes the whole scope."""

    __slots__ = ("_asks_meta", "fields", "labels", "name", "namespace", "narrow", "none", "served")

    def __init__(
        self,
        served: Served,
        namespace: str,
        labels: str,
        fields: str,
        name: str = "",
        checked: Callable[[], None] = lambda: None,
    ) -> None:
        """``checked`` is called once both texts are read, before it is asked whether the kind knows the fields."""
        self.served = served
        self.namespace = namespace if served.namespaced else ""
        self.name = name
        self.none = False  # contradictory: matches nothing
        self.labels = selectors.parse_labels(labels) if labels else None
        self.fields: list[tuple[str, bool, str]] = []
        terms = [(term.key, term.operator, term.values[0]) for term in selectors.parse_fields(fields).requirements]
        checked()
        for field, operator, value in sorted(terms):
            self._add_field(field, operator == "=", value)
        if (self.labels is not None and len(self.labels.requirements) > MOST_TERMS) or len(self.fields) > MOST_TERMS:
            raise BadRequest(f"a selector of a request may have {MOST_TERMS} requirements")
        self._asks_meta = any(field in _META_FIELDS for field, _, _ in self.fields)
        self.narrow = bool(self.labels or self.fields or self.name or self.none)

    @classmethod
    def of(cls, request: Request, served: Served) -> Selection:
        query = request.query
        if not query:
            return cls(served, request.namespace, "", "", request.name)
        options.check_numbers(request)
        check = options.check_watch if request.verb == "watch" else options.check_list
        return cls(
            served, request.namespace, request.value("labelSelector"), request.value("fieldSelector"), request.name,
            lambda: check(request),
        )  # fmt: skip

    def candidates(self, after: str = "") -> Sequence[str]:
        """Keys that can match, in order, greater than ``after``; still to be checked with ``matches``."""
        served = self.served
        assert served.collection is not None
        if self.none:
            return ()
        if self.name and (self.namespace or not served.namespaced):
            key = served.key(self.namespace, self.name)
            return [key] if key in served.collection.records and key > after else ()
        scope = served.scope(self.namespace)
        found = served.collection.labelled(self.labels.equalities) if self.labels else None
        if found is None:
            return served.collection.within(scope, after)
        return sorted(key for key in found if key > after and key.startswith(scope))

    def reach(self) -> int:
        """How many keys ``candidates`` would return at most; costs two look-ups."""
        collection = self.served.collection
        assert collection is not None
        if self.none or (self.name and (self.namespace or not self.served.namespaced)):
            return int(not self.none)
        found = collection.labelled_at_most(self.labels.equalities) if self.labels else None
        if found is not None:
            return found
        low, high = collection.span(self.served.scope(self.namespace))
        return high - low

    def matches_place(self, key: str) -> bool:
        """Whether an object of this key can be selected by namespace and name."""
        if self.name and not key.endswith("/" + self.name):
            return False
        return key.startswith(self.served.scope(self.namespace))

    def wants(self, record: Record) -> bool:
        """Whether an object of the right namespace is selected."""
        if self.none or (self.name and record.name != self.name):
            return False
        if self.labels is not None and not self.labels.matches(record.labels):
            return False
        if not self.fields:
            return True
        found = self._values(record)
        for field, equal, value in self.fields:  # noqa: SIM110 a generator doubles what each object of a list costs
            if (found.get(field, "") == value) is not equal:
                return False
        return True

    def _values(self, record: Record) -> dict[str, str]:
        served = self.served
        if not served.converts:
            values = record.fields(served.stored.fields)
        else:
            values = record.form(("fields", served), self._converted)
        if not self._asks_meta:
            return values
        return {**values, "metadata.name": record.name, "metadata.namespace": record.namespace}

    def _converted(self, record: Record) -> dict[str, str]:
        obj = decode_json(forms.native(self.served, record))
        return {label: getter(obj) for label, getter in self.served.kind.fields.items()}

    def _add_field(self, field: str, equal: bool, value: str) -> None:
        served = self.served
        known = served.kind.fields
        own_rules = bool(known) or served.kind.schema is not None  # upstream names both fields where a kind has none
        if field not in known and field not in _META_FIELDS and not own_rules:
            raise BadRequest(f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"')
        if field not in known and (
            field not in _META_FIELDS or (field == _META_FIELDS[1] and own_rules and not served.namespaced)
        ):
            raise BadRequest(f"field label not supported: {field}")
        if equal and field == "metadata.name":
            self.none = self.none or bool(self.name and self.name != value)
            self.name = value
        elif equal and field == "metadata.namespace" and served.namespaced:
            self.none = self.none or bool(self.namespace and self.namespace != value)
            self.namespace = value
        else:
            self.fields.append((field, equal, value))
