"""Objects and lists in the form the client wants: JSON as stored, protobuf, Table, PartialObjectMetadata(List).

Works on cached bytes; a record's other forms are made once and kept beside it. Source: meta.k8s.io/v1 API reference.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from sampan_machinery.protobuf import encoding as protobuf
from sampan_machinery.protobuf.table import message_of
from sampan_machinery.tables import to_table
from sampan_server.cache.records import Record
from sampan_server.registry import Served
from sampan_server.request.encoding import encode_json
from sampan_server.request.negotiation import Form

COLD = 100  # objects that one request may encode on the event loop
LARGE = 128 << 10  # bytes of an object's JSON from which encoding it would hold up others

_decode = msgspec.json.Decoder().decode


def one(served: Served, form: Form, record: Record, include: str = "Metadata") -> bytes:
    """A single object."""
    if form.protobuf:
        return protobuf.envelope(*_shown_as(served, form), element(served, form, record))
    if form.how == "json":
        return native(served, record)
    if form.how == "partial":
        return partial(served, form, record)
    revision = record.revision or record.decode()["metadata"].get("resourceVersion")  # a dry run has that sent, if any
    return table(served, form, [record], {"resourceVersion": str(revision)} if revision else {}, include)


def native(served: Served, record: Record) -> bytes:
    """The object in the served version. May wait where the kind's conversions do."""
    if not served.converts or record.body.startswith(served.head):
        return record.body
    found: bytes = record.form(served, lambda kept: encode_json(served.shown(kept.decode())))
    return found


def convert_all(served: Served, records: Iterable[Record]) -> None:
    """Make what ``native`` gives of these, by one call where the kind converts many at once."""
    if not served.converts or served.kind.from_stored_many is None:
        return
    others = [
        record
        for record in records
        if not record.body.startswith(served.head) and (record.forms is None or served not in record.forms)
    ]
    converted = served.all_shown([record.decode() for record in others])
    for record, obj in zip(others, converted, strict=True):
        record.keep(served, encode_json(obj))


def element(served: Served, form: Form, record: Record) -> bytes:
    """The object as an element of a list that is not a Table. In protobuf it is encoded once and kept beside its
    record, so that GET, every LIST and all watches share it as they share the JSON."""
    if not form.protobuf:
        return native(served, record) if form.how == "json" else partial(served, form, record)
    message, found = _message(served, form), None
    if record.forms is not None:
        found = record.forms.get(message)
    if found is None:
        made = protobuf.element(message, _decode(native(served, record) if form.how == "protobuf" else record.body))
        found = record.form(message, lambda kept: made)
    encoded: bytes = found
    return encoded


def is_cold(served: Served, form: Form, keys: Iterable[str]) -> bool:
    """Whether so many of these objects are not encoded in protobuf yet, or one so large, that a thread should do it."""
    assert served.collection is not None
    records, message, missing = served.collection.records, _message(served, form), 0
    for key in keys:
        record = records.get(key)
        if record is not None and (record.forms is None or message not in record.forms):
            missing += 1
            if missing > COLD or len(record.body) > LARGE:
                return True
    return False


def _message(served: Served, form: Form) -> str:
    if form.how == "protobuf":
        return served.message
    return message_of(f"meta.k8s.io/{form.version}", "PartialObjectMetadata")


def _shown_as(served: Served, form: Form) -> tuple[str, str]:
    """apiVersion and kind of a single object that is no Table."""
    if form.how == "partial":
        return f"meta.k8s.io/{form.version}", "PartialObjectMetadata"
    return served.kind.api_version, served.kind.kind


def partial(served: Served, form: Form, record: Record) -> bytes:
    found: bytes = record.form(("partial", form.version), lambda kept: _partial(kept, form.version))
    return found


def table(served: Served, form: Form, records: Iterable[Record], meta: dict[str, Any], include: str) -> bytes:
    """A Table with a row for each; ``include`` is None, Metadata or Object. Never kept: ages are text in it."""
    objects = served.all_shown([record.decode() for record in records]) if served.converts else _decoded(records)
    version = f"meta.k8s.io/{form.version}"
    made = to_table(served.kind.columns, objects, now=time.time(), include=include, version=version, metadata=meta)
    return encode_json(made)


def listing(
    served: Served,
    form: Form,
    records: Sequence[Record],
    meta: dict[str, Any],
    include: str = "Metadata",
    *,
    present: bool = False,
) -> bytes:
    """A whole list answer. ``present`` says that the records are those of the cache."""
    if form.protobuf:
        return _protobuf_list(served, form, records, meta)
    head = encode_json(meta)
    if form.how == "table":
        return table(served, form, records, meta, include)
    if form.how == "partial":
        start = b'{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/%s","metadata":' % form.version.encode()
        if not records:  # Go's nil slice; typed lists are never nil
            return b'%s%s,"items":null}' % (start, head)
        return b'%s%s,"items":[%s]}' % (start, head, b",".join([partial(served, form, r) for r in records]))
    alike = present and served.collection is not None and served.collection.head == served.head
    if served.converts and not alike:
        convert_all(served, records)
        bodies = [native(served, record) for record in records]
    else:
        bodies = [record.body for record in records]
    return b"".join((served.list_head, head, b',"items":[', *_items(bodies, served.item_head, alike=alike), b"]}"))


def _protobuf_list(served: Served, form: Form, records: Iterable[Record], meta: dict[str, Any]) -> bytes:
    if form.version == "v1beta1":  # its fields have other numbers than those of every other list
        api_version, kind = _shown_as(served, form)
        items = [_decode(partial(served, form, record)) for record in records]
        whole = {"apiVersion": api_version, "kind": f"{kind}List", "metadata": meta, "items": items}
        return protobuf.encode(whole) or b""
    encoded = [element(served, form, record) for record in records]
    head = list_head(served, form, meta, sum(map(len, encoded)))
    return b"".join((head, *encoded, protobuf.LIST_TAIL))


def list_head(served: Served, form: Form, meta: dict[str, Any], size: int) -> bytes:
    """What the answer of a list of whole objects, or of any in protobuf, begins with, up to its items. ``size``: bytes
    of the items in protobuf."""
    if not form.protobuf:
        return served.list_head + encode_json(meta)
    api_version, kind = _shown_as(served, form)
    kind = served.kind.list_kind or f"{kind}List" if form.how == "protobuf" else f"{kind}List"
    return protobuf.list_head(api_version, kind, meta, size)


def with_meta(served: Served, form: Form, body: bytes, start: int, meta: dict[str, Any]) -> tuple[bytes, int]:
    """A list answer whose items begin at ``start`` under other metadata, and where they begin now."""
    tail = len(protobuf.LIST_TAIL) if form.protobuf else 0
    head = list_head(served, form, meta, len(body) - start - tail)
    return b"".join((head, memoryview(body)[start:])), len(head)


def _decoded(records: Iterable[Record]) -> Iterator[Any]:
    return (record.decode() for record in records)


def _items(bodies: list[bytes], head: bytes, *, alike: bool) -> tuple[bytes, ...]:
    """Encoded objects one after the other, without what each of them begins with.

    Views spare a copy of each. ``alike`` says that all begin with ``head``; to ask each costs as much as a view.
    """
    if not head or not bodies:
        return (b",".join(bodies),)
    size = len(head)
    if alike or all(body.startswith(head) for body in bodies):
        return b"{", b",{".join([memoryview(body)[size:] for body in bodies])
    return (b",".join([b"{" + body[size:] if body.startswith(head) else _untyped(body) for body in bodies]),)


def _untyped(body: bytes) -> bytes:
    """An object that was written otherwise (before the stored version changed), as an item."""
    obj = msgspec.json.decode(body)
    obj.pop("kind", None)
    obj.pop("apiVersion", None)
    return encode_json(obj)


class _Outline(msgspec.Struct, gc=False):
    """An object of which only the metadata counts: its text is cut out, the rest is skipped without being built."""

    metadata: msgspec.Raw


_outline = msgspec.json.Decoder(_Outline).decode


def _partial(record: Record, version: str) -> bytes:
    metadata = _outline(record.body).metadata
    head = b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/%s","metadata":' % version.encode()
    return b"%b%b}" % (head, metadata)
