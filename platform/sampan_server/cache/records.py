"""One object as the cache holds it: encoded bytes, and what selectors ask for.

Knows the form of stored values (GUIDE: ``resourceVersion`` empty and first in metadata); knows no kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

EMPTY_REVISION = b'"resourceVersion":""'

#: Text of one selectable field, by field label, as ``Kind.fields`` has it.
FieldGetters = Mapping[str, Callable[[dict[str, Any]], str]]


class _Meta(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Labelled(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)


_decode_labels = msgspec.json.Decoder(_Labelled).decode
_decode = msgspec.json.Decoder().decode
_NO_LABELS: dict[str, str] = {}


def fill_revision(value: bytes, revision: int) -> bytes:
    """The stored value as clients see it."""
    return value.replace(EMPTY_REVISION, b'"resourceVersion":"%d"' % revision, 1)


def labels_of(value: bytes) -> dict[str, str]:
    """metadata.labels of an encoded object; values of foreign writers that are not even objects have none."""
    try:
        return _decode_labels(value).metadata.labels or _NO_LABELS
    except msgspec.MsgspecError:
        return _NO_LABELS


class Record:
    """An object at one revision. Immutable but for what is computed on first use, and for ``renew``."""

    __slots__ = ("_fields", "body", "forms", "key", "labels", "name", "namespace", "revision", "stored")

    def __init__(
        self, key: str, body: bytes, revision: int, labels: dict[str, str], fields: dict[str, str] | None = None
    ) -> None:
        self.key = key
        self.body = body  # with the revision filled in
        self.stored: bytes | None = None  # what the store holds, where ``body`` is another form of it
        self.revision = revision
        self.labels = labels
        self._fields = fields
        #: Other encodings made from this record (sibling versions, table rows), by the first request for it.
        self.forms: dict[Any, Any] | None = None
        parts = key.split("/")
        self.name = parts[-1]
        self.namespace = parts[3] if len(parts) > 4 else ""

    def decode(self) -> dict[str, Any]:
        """A fresh dict of the object."""
        found: dict[str, Any] = _decode(self.body)
        return found

    def fields(self, getters: FieldGetters) -> dict[str, str]:
        """Selectable fields; computed once where the writer did not say."""
        if self._fields is None:
            obj = self.decode() if getters else {}
            self._fields = {label: getter(obj) for label, getter in getters.items()}
        return self._fields

    def form(self, name: Any, make: Callable[[Record], Any]) -> Any:
        """Another encoding of this record, made once."""
        forms = self.forms
        if forms is None:
            forms = self.forms = {}
        found = forms.get(name)
        if found is None:
            found = forms[name] = make(self)
        return found

    def keep(self, name: Any, form: Any) -> None:
        """Another encoding that was made together with those of other records."""
        if self.forms is None:
            self.forms = {}
        self.forms[name] = form

    def renew(self, body: bytes | None) -> None:
        """Take another form of what the store holds, None for just that; readers see either form."""
        kept = self.stored if self.stored is not None else self.body
        self.stored, self.body = (None, kept) if body is None else (kept, body)
        self.forget()

    def forget(self) -> None:
        """Let go of everything that was computed."""
        self.forms = self._fields = None

    def moved(self, revision: int) -> Record:
        """The same state under another revision: what a DELETED event shows."""
        body = self.body.replace(b'"resourceVersion":"%d"' % self.revision, b'"resourceVersion":"%d"' % revision, 1)
        return Record(self.key, body, revision, self.labels, self._fields)
