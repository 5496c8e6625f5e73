"""metadata.managedFields: who owns which field, kept up to date on every write.

``track`` is for create, update and patch, and stands in the hot path; server-side apply is in ``applying``. Knows
objects, Nodes and field sets. Source: apimachinery managedfields (meaning).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.apply.fieldset import (
    FieldSet,
    difference,
    is_field_set,
    recursive_difference,
    union,
)
from sampan_machinery.apply.managed_fields import object_changes
from sampan_machinery.types import Node

UPDATE, APPLY = "Update", "Apply"
#: More managers of updates than this are merged, oldest first.
MAX_UPDATERS = 10
ANCIENT = "ancient-changes"
#: Who owns what was there before the first apply.
BEFORE_APPLY = "before-first-apply"
UNKNOWN = "unknown"


class Identity(NamedTuple):
    """What makes two writes the same manager's. Appliers keep theirs whatever version they apply."""

    manager: str
    operation: str
    api_version: str
    subresource: str

    @classmethod
    def of(cls, *, manager: str, operation: str, api_version: str, subresource: str) -> Identity:
        return cls(manager or UNKNOWN, operation, "" if operation == APPLY else api_version, subresource)


class Entry(NamedTuple):
    """One entry's changing part. ``time`` is RFC 3339 text, or empty."""

    fields: FieldSet
    time: str
    api_version: str


Managers = dict[Identity, Entry]


def decode(entries: Any, *, trusted: bool = False) -> Managers | None:
    """The managers that a managedFields list names; None where it cannot be read.

    ``trusted`` lists were written by us: their sets are not looked into.
    """
    managers: Managers = {}
    if not isinstance(entries, list):
        return None
    for entry in entries:
        if not isinstance(entry, dict):
            return None
        version, operation = entry.get("apiVersion"), entry.get("operation")
        fields = entry.get("fieldsV1", {})
        if not version or operation not in (UPDATE, APPLY) or entry.get("fieldsType") != "FieldsV1":
            return None
        if not isinstance(version, str) or not (trusted or is_field_set(fields)):
            return None
        identity = Identity.of(
            manager=str(entry.get("manager") or ""),
            operation=operation,
            api_version=version,
            subresource=str(entry.get("subresource") or ""),
        )
        managers[identity] = Entry(fields, str(entry.get("time") or ""), version)
    return managers


def encode(managers: Managers) -> list[dict[str, Any]]:
    """The managedFields list: appliers before updaters, then the oldest first."""
    order = sorted(managers.items(), key=_age)
    return [encode_entry(identity, entry) for identity, entry in order]


def _age(item: tuple[Identity, Entry]) -> tuple[str, ...]:
    identity, entry = item
    return (identity.operation, entry.time, identity.manager, entry.api_version, identity.subresource)


def encode_entry(identity: Identity, entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {
        "manager": identity.manager,
        "operation": identity.operation,
        "apiVersion": entry.api_version,
    }
    if entry.time:
        found["time"] = entry.time
    found["fieldsType"] = "FieldsV1"
    found["fieldsV1"] = entry.fields
    if identity.subresource:
        found["subresource"] = identity.subresource
    return found


def is_reset(entries: Any) -> bool:
    """``[]`` and ``[{}]`` ask to forget all owners."""
    return bool(entries == [] or entries == [{}])


def track(
    before: Object | None,
    after: Object,
    node: Node | None,
    *,
    manager: str,
    api_version: str,
    now: str,
    subresource: str = "",
    zero: Object | None = None,
    ignore: Collection[str] = (),
) -> None:
    """Set ``after``'s managedFields for a create (``before`` is None), update or patch by ``manager``.

    ``now`` is RFC 3339 text. ``zero`` is an object of the type with nothing set, ``ignore`` names the top-level fields
    that a creator cannot set. What the request says in managedFields counts only where the write is not to a
    subresource: ``[]`` and ``[{}]`` forget all owners, a readable list replaces what is stored, anything else is
    ignored. An object whose owners were forgotten stays without until it is applied.
    """
    metadata = after.setdefault("metadata", {})
    sent = metadata.pop("managedFields", None)
    identity = Identity(manager or UNKNOWN, UPDATE, api_version, subresource)
    if before is None:
        fields = new_fields(after, node, zero, ignore)
        if sent and not subresource and (managers := decode(sent)):
            _update(managers, identity, fields, {}, now)
            _write(metadata, managers)
            return
        if fields:
            metadata["managedFields"] = [encode_entry(identity, Entry(fields, now, api_version))]
        return
    stored = (before.get("metadata") or {}).get("managedFields")
    if sent is not None and not subresource and sent != stored:
        if is_reset(sent):
            return
        managers = decode(sent) or decode(stored, trusted=True) or {}
    elif not stored:
        return
    else:
        changed, gone = object_changes(before, after, node)
        if not changed and not gone:
            metadata["managedFields"] = stored
            return
        managers = decode(stored, trusted=True) or {}
        if managers:
            _update(managers, identity, changed, gone, now)
        _write(metadata, managers)
        return
    if managers:
        _update(managers, identity, *object_changes(before, after, node), now)
    _write(metadata, managers)


def new_fields(obj: Object, node: Node | None, zero: Object | None, ignore: Collection[str]) -> FieldSet:
    """What the creator of an object owns."""
    shown = {name: each for name, each in obj.items() if name not in ignore} if ignore else obj
    base = {name: each for name, each in (zero or {}).items() if name in shown}  # nothing that is ignored is gone
    return object_changes(base, shown, node)[0]


def _write(metadata: dict[str, Any], managers: Managers) -> None:
    if managers:
        metadata["managedFields"] = encode(managers)


def _update(managers: Managers, identity: Identity, changed: FieldSet, gone: FieldSet, now: str) -> None:
    """What ``identity`` changed is its own now, and nobody else's."""
    disown(managers, changed, gone, but=identity)
    own = managers.get(identity)
    if own is not None and gone:
        own = own._replace(fields=recursive_difference(own.fields, gone))
    if changed:
        own = Entry(union(own.fields, changed) if own is not None else changed, now, identity.api_version)
    if own is not None and own.fields:
        managers[identity] = own
    else:
        managers.pop(identity, None)
    _cap(managers)


def disown(managers: Managers, changed: FieldSet, gone: FieldSet, *, but: Identity) -> None:
    """Take fields from everyone else; whoever has none left is forgotten."""
    for identity, entry in list(managers.items()):
        if identity == but:
            continue
        fields = recursive_difference(difference(entry.fields, changed), gone)
        if not fields:
            del managers[identity]
        elif fields is not entry.fields:
            managers[identity] = entry._replace(fields=fields)


def _cap(managers: Managers) -> None:
    updaters = [identity for identity in managers if identity.operation == UPDATE]
    surplus = len(updaters) - MAX_UPDATERS
    if surplus <= 0:
        return
    updaters.sort(key=lambda identity: (managers[identity].time, identity))
    first: dict[str, Identity] = {}
    for identity in updaters:
        if surplus <= 0:
            return
        version = identity.api_version
        if version not in first:
            first[version] = identity
            continue
        bucket = Identity(ANCIENT, UPDATE, version, "")
        if bucket not in managers:
            managers[bucket] = managers.pop(first[version])
        if identity == bucket:
            continue
        entry = managers.pop(identity)
        managers[bucket] = Entry(union(entry.fields, managers[bucket].fields), entry.time, version)
        surplus -= 1
