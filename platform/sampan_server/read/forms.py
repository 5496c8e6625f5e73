"""Objects and lists in the form the client wants: JSON as stored, Table, PartialObjectMetadata(List).

Works on cached bytes; a record's other forms are made once and kept beside it. Source: meta.k8s.io/v1 API reference.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from sampan_machinery.tables import to_table
from sampan_server.cache.records import Record
from sampan_server.registry import Served
from sampan_server.request.encoding import encode_json
from sampan_server.request.negotiation import Form


def one(served: Served, form: Form, record: Record, include: str = "Metadata") -> bytes:
    """A single object."""
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
    """The object as an element of a list that is not a Table."""
    return native(served, record) if form.how == "json" else partial(served, form, record)


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
