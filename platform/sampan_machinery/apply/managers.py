"""metadata.managedFields: which manager manages which fields, updated on every write.

``track`` is for create, update and patch, and is on the hot path; server-side apply is in ``apply``. Knows objects,
Nodes and field sets. Source: apimachinery managedfields (meaning).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.apply.fieldset import (
    FieldSet,
    difference,
    in_order,
    is_field_set,
    recursive_difference,
    union,
)
from sampan_machinery.apply.managed_fields import object_changes
from sampan_machinery.contentcache import ContentCache
from sampan_machinery.metadata import copy
from sampan_machinery.types import Node

UPDATE, APPLY = "Update", "Apply"
#: If there are more update managers than this, the oldest are merged.
MAX_UPDATERS = 10
ANCIENT = "ancient-changes"
#: The manager of fields that were set before the first apply.
BEFORE_APPLY = "before-first-apply"
UNKNOWN = "unknown"


class Identity(NamedTuple):
    """Identifies a manager's entry. An applier has one entry for all API versions."""

    manager: str
    operation: str
    api_version: str
    subresource: str

    @classmethod
    def of(cls, *, manager: str, operation: str, api_version: str, subresource: str) -> Identity:
        return cls(manager or UNKNOWN, operation, "" if operation == APPLY else api_version, subresource)


class Entry(NamedTuple):
    """The part of an entry that changes. ``time`` is RFC 3339 text, or empty."""

    fields: FieldSet
    time: str
    api_version: str


Managers = dict[Identity, Entry]
#: (set or changed, removed) by a write, in the version named; None where that version is not served any more.
ChangesIn = Callable[[str], tuple[FieldSet, FieldSet] | None]


def decode(entries: Any, *, trusted: bool = False) -> Managers | None:
    """The managers of a managedFields list; None if it is invalid.

    ``trusted`` lists were written by this server: their field sets are not checked.
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
    """The managedFields list: appliers first, then updaters, each from old to new."""
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
    """Whether a client resets managedFields: ``[]`` or ``[{}]``."""
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
    unowned: bool = False,
    others: ChangesIn | None = None,
    complete: Callable[[Object], None] | None = None,
    specs: ContentCache[FieldSet] | None = None,
) -> None:
    """Set ``after``'s managedFields for a create (``before`` is None), update or patch by ``manager``.

    ``now`` is RFC 3339 text. ``zero`` is an object of the type with nothing set, ``ignore`` names the top-level fields
    that a creator cannot set. ``unowned``: what an update has changed gets no manager. managedFields in the request are
    used only if the write is not to a subresource: ``[]`` and ``[{}]`` remove all managers, a valid list replaces the
    stored one, anything else is ignored. An object whose managers were removed has none until it is applied.
    ``others`` tells what managers of other versions lose; without it, all have the fields of this one. ``complete``
    puts in, in place, what is shown though no client sets it: who empties such a field has it. ``specs`` keeps the
    fields of this type's specs, for kinds of which many objects have an equal one.
    """
    metadata = after.setdefault("metadata", {})
    sent = metadata.pop("managedFields", None)
    identity = Identity(manager or UNKNOWN, UPDATE, api_version, subresource)
    if before is None:
        fields = _new_fields_in_order(after, node, zero, ignore, specs)
        if sent and not subresource and (managers := decode(sent)):
            _update(managers, identity, fields, {}, now, others)
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
        changed, gone = _changes(before, after, node, complete)
        if not changed and not gone:
            metadata["managedFields"] = stored
            return
        managers = decode(stored, trusted=True) or {}
        if managers:
            _update(managers, identity, *(({}, union(changed, gone)) if unowned else (changed, gone)), now, others)
        _write(metadata, managers)
        return
    if managers:
        _update(managers, identity, *_changes(before, after, node, complete), now, others)
    _write(metadata, managers)


def _changes(
    before: Object, after: Object, node: Node | None, complete: Callable[[Object], None] | None
) -> tuple[FieldSet, FieldSet]:
    changed, gone = object_changes(before, after, node)
    if gone and complete is not None:  # only then can something be missing that is shown all the same
        states = copy(before), copy(after)
        for state in states:
            complete(state)
        return object_changes(*states, node)
    return changed, gone


def new_fields(obj: Object, node: Node | None, zero: Object | None, ignore: Collection[str]) -> FieldSet:
    """The fields that the creator of an object manages."""
    shown = {name: each for name, each in obj.items() if name not in ignore} if ignore else obj
    base = {name: each for name, each in (zero or {}).items() if name in shown}  # an ignored field is not "removed"
    return object_changes(base, shown, node)[0]


def _new_fields_in_order(
    obj: Object, node: Node | None, zero: Object | None, ignore: Collection[str], specs: ContentCache[FieldSet] | None
) -> FieldSet:
    """``new_fields`` with its labels in order. The top-level fields do not depend on each other, so those of the spec
    can come from the cache."""
    if specs is None or type(obj.get("spec")) is not dict:
        return in_order(new_fields(obj, node, zero, ignore))
    spec = {"spec": obj["spec"]}
    of_spec = specs.of(spec, lambda: in_order(new_fields(spec, node, zero, ignore)))
    rest = in_order(new_fields({name: each for name, each in obj.items() if name != "spec"}, node, zero, ignore))
    joined = rest | of_spec
    return {label: joined[label] for label in sorted(joined)}


def _write(metadata: dict[str, Any], managers: Managers) -> None:
    if managers:
        metadata["managedFields"] = encode(managers)


def _update(
    managers: Managers, identity: Identity, changed: FieldSet, gone: FieldSet, now: str, others: ChangesIn | None
) -> None:
    """Give the changed fields to ``identity`` and take them from all other managers."""

    def in_version(version: str) -> tuple[FieldSet, FieldSet] | None:
        return (changed, gone) if others is None or version == identity.api_version else others(version)

    take_from_others(managers, in_version, but=identity)
    own = managers.get(identity)
    if own is not None and gone:
        own = own._replace(fields=recursive_difference(own.fields, gone))
    if changed:
        fields = union(own.fields, changed) if own is not None else changed
        known = own is not None and fields == own.fields
        own = Entry(own.fields if own is not None and known else in_order(fields), now, identity.api_version)
    if own is not None and own.fields:
        managers[identity] = own
    else:
        managers.pop(identity, None)
    _cap(managers)


def take_from_others(managers: Managers, changes: ChangesIn, *, but: Identity) -> None:
    """Remove fields from all managers but one; a manager without fields, or of a version that is gone, is removed."""
    for identity, entry in list(managers.items()):
        if identity == but:
            continue
        found = changes(entry.api_version)
        if found is None:
            del managers[identity]
            continue
        changed, gone = found
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
