"""A kind that brings its own schema, an OpenAPI v3 structural one, as custom resources do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from itertools import islice
from typing import Any

import msgspec

from sampan.contracts.kinds import Kind, Object, Problem
from sampan_machinery import media as bodies
from sampan_machinery import scaling, validation
from sampan_machinery.kindschema.protocol import PATCH_TYPES
from sampan_machinery.kindschema.strictness import IGNORE, check_kind, judged, validation_of
from sampan_machinery.structural import Structural, checking
from sampan_machinery.structural.nodes import RULES, Schema
from sampan_machinery.types import Node

_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|map|filter|transform\w+|sum|min|max|isSorted)\s*\(")


class CustomSchema:
    """A KindSchema."""

    patch_types = PATCH_TYPES  # no strategic merge patch: a structural schema has no patch merge keys
    message = ""
    items_say_kind = True
    zero: Object = {}

    def __init__(self, kind: Kind, structural: Structural) -> None:
        self._kind = kind
        self._structural = structural
        self.node: Node = structural.node
        self.published = structural.schema

    @cached_property
    def _rules(self) -> Callable[[Object, Object | None], Iterator[Problem]] | None:
        """Compiled when the first object is checked: of many custom kinds few are used."""
        return _rules_of(self._structural.schema)

    @property
    def checks_long(self) -> bool:
        return "_rules" not in self.__dict__ or self._has_loops  # of the first object, the rules are compiled

    @cached_property
    def _has_loops(self) -> bool:
        return _has_loops(self._structural.schema)

    def decode(self, data: bytes, media: str, strictness: str) -> tuple[Object, list[str]]:
        if media == bodies.PROTOBUF:  # there are no field numbers
            raise bodies.unsupported("application/json", "application/yaml")
        obj = bodies.decode_body(data, media)
        check_kind(obj, self._kind)
        pruned = self._structural.prune(obj)
        is_json = media in bodies.JSON_TYPES
        if strictness == IGNORE or (is_json and _is_plain(data, pruned)):
            return pruned, []
        if is_json:
            found = self._structural.strict_problems(data)
        else:
            found = [*bodies.duplicates(data, media), *self._structural.unknown_fields(obj)]
        return pruned, judged(found, strictness, self._kind)

    def prune(self, obj: Object) -> Object:
        return self._structural.prune(obj)

    def prune_checked(self, obj: Object) -> tuple[Object, list[str]]:
        pruned = self._structural.prune(obj)
        return pruned, [] if pruned == obj else self._structural.unknown_fields(obj)

    def default(self, obj: Object, *, keep_nulls: bool = False) -> None:
        self._structural.default(obj, keep_nulls=keep_nulls)
        self._kind.default(obj)

    def complete(self, obj: Object, old: Object | None = None) -> None:
        return None

    def reset_status(self, obj: Object) -> None:
        obj.pop("status", None)

    def check(self, obj: Object, old: Object | None, *, version: Kind | None = None) -> list[Problem]:
        """``Kind.validate`` sees only objects that fit the schema. In upstream's order: the schema, the numbers that a
        Scale shows, doubles, rules."""
        kind = self._kind
        found = validation.validate_metadata(obj, namespaced=kind.namespaced, name_rule=kind.name_rule, old=old)
        misfits = self._structural.check(obj, old)
        if kind.scale is not None:
            misfits += scaling.problems_of(kind.scale, obj)
        if any(problem.reason == _DOUBLE for problem in misfits):
            misfits.sort(key=lambda problem: problem.reason == _DOUBLE)
        if self._rules is not None:
            if any(problem.reason in _BLOCKING for problem in misfits):
                misfits.append(Problem("<nil>", "FieldValueInvalid", _UNCHECKED))
            else:
                misfits += islice(self._rules(obj, old), checking.MOST)
        return found + misfits if misfits else [*found, *validation_of(kind, version)(obj, old)]


_DOUBLE = "FieldValueDuplicate"
#: Problems with which no rule is run: its types would not hold, or it would cost too much. Source: hasBlockingErr.
_BLOCKING = frozenset({
    "FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid",
})  # fmt: skip
_UNCHECKED = (
    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing "
    "errors to complete validation"
)


def _rules_of(schema: Schema) -> Callable[[Object, Object | None], Iterator[Problem]] | None:
    """What runs the validation rules of a schema; None where it has none. CEL is imported for those that have."""
    if not _has_rules(schema):
        return None
    from sampan_machinery.expressions import rules, running

    place = rules.compiled(schema)
    return partial(_run_rules, running.check, place) if place is not None else None


def _run_rules(
    check: Callable[..., Iterator[Problem]], place: object, obj: Object, old: Object | None
) -> Iterator[Problem]:
    return check(obj, old, place)


def _has_rules(schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return False
    below = (*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties"))
    return RULES in schema or any(map(_has_rules, below))


def _is_plain(data: bytes, obj: Object) -> bool:
    """Whether nothing was dropped from a body in decoding and no key is given twice, as far as that is seen quickly.

    Walking every body for warnings costs more than all the rest of a create; this runs in C. It may say no of a body
    that is plain (odd white space, nulls), which then is walked.
    """
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # in a field that was dropped, or ``obj`` were not here
        return False
    return found == obj and data.count(b'":') == msgspec.json.encode(found).count(b'":')


def _has_loops(found: Any) -> bool:
    """Whether a rule anywhere in the schema loops."""
    if isinstance(found, dict):
        rules = found.get(RULES)
        if isinstance(rules, list) and any(_LOOP.search(str(rule.get("rule"))) for rule in rules):
            return True
        return any(_has_loops(each) for each in found.values())
    return isinstance(found, list) and any(map(_has_loops, found))
