"""Server-side apply: a manager sends all the fields that it manages; fields of other managers stay.

Source: documentation "Server-Side Apply", KEP-555; apimachinery managedfields, structured-merge-diff merge (meaning).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest, Cause, Conflict
from sampan_machinery.apply import managers
from sampan_machinery.apply.checking import check
from sampan_machinery.apply.fieldset import LEAF, FieldSet, in_order, intersection, members, path_text, union
from sampan_machinery.apply.managed_fields import object_changes, object_fields, plan_of
from sampan_machinery.apply.managers import APPLY, UPDATE, Entry, Identity, Managers
from sampan_machinery.apply.merging import merge, prune
from sampan_machinery.metadata import copy
from sampan_machinery.types import Node

#: Never removed, even if an applier no longer sends metadata: they identify the object.
_KEPT: FieldSet = {"f:metadata": {"f:name": LEAF}}


def apply(
    live: Object | None,
    config: Object,
    node: Node | None,
    *,
    manager: str,
    force: bool,
    api_version: str,
    now: str,
    subresource: str = "",
    ignore: Collection[str] = (),
    first: Collection[str] = (),
    zero: Object | None = None,
) -> Object:
    """Returns the merged object with its managedFields; neither argument is changed.

    ``live`` is None if the object does not exist yet. ``now`` is RFC 3339 text. ``ignore`` names top-level fields that
    this write cannot set (``status`` on the main resource): they are neither merged nor managed; those of ``first`` a
    new object takes all the same, and they have no manager. ``zero`` is an object of the type with no field set: what
    ``live`` has beyond it was set by some manager. The result equals ``live`` if nothing changed. Raises BadRequest;
    raises Conflict, unless ``force``, with a cause for each field that another manager manages.
    """
    _check_config(config, node, api_version)
    body = {name: each for name, each in config.items() if name not in ignore}
    wanted: Object = copy(_without_nulls(body, node))
    identity = Identity.of(manager=manager, operation=APPLY, api_version=api_version, subresource=subresource)
    fields = in_order(object_fields(body, node, dots=False))
    if live is None:
        unowned = {name: config[name] for name in first if name in config}
        wanted.update(copy(_without_nulls(unowned, node)))
        _set_managers(wanted, {identity: Entry(fields, now, api_version)} if fields else {})
        return wanted
    known = _managers_of(live, node, api_version, now, ignore, zero)
    last = known.get(identity)
    merged = _merged(live, wanted, node)
    known[identity] = Entry(fields, last.time if last is not None else "", api_version)
    if last is not None and last.fields:
        owned = _KEPT
        for entry in known.values():
            owned = union(owned, entry.fields)
        merged = prune(merged, plan_of(node), last.fields, owned)
    _settle(known, identity, live, merged, node, force=force, now=now)
    _set_managers(merged, known)
    return merged


def _check_config(config: Object, node: Node | None, api_version: str) -> None:
    metadata = config.get("metadata") or {}
    if metadata.get("managedFields") is not None:
        raise BadRequest("metadata.managedFields must be nil")
    if config.get("apiVersion") != api_version:
        raise BadRequest(
            "Incorrect version specified in apply patch. "
            f"Specified patch version: {config.get('apiVersion')}, expected: {api_version}"
        )
    group_version = api_version if "/" in api_version else f"/{api_version}"
    about = (
        f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}; {group_version}, Kind={config.get('kind')}"
    )
    check(config, plan_of(node), about=about)


#: What a null stands for in a map of such values, as Go reads it.
_ZEROS = {"string": "", "bytes": "", "quantity": "0", "boolean": False, "integer": 0, "int32": 0}


def _without_nulls(value: Any, node: Node | None) -> Any:
    """A null field is a field left out, but for one that holds any JSON; a null in a map is an empty value, whose key
    the applier owns."""
    if isinstance(value, dict):
        item = node.item() if node is not None and node.shape == "map" else None
        found = {}
        for name, each in value.items():
            below = item if item is not None else node.field(name) if node is not None else None
            if each is not None or (below is not None and below.shape == "any"):
                found[name] = _without_nulls(each, below)
            elif item is not None and item.scalar in _ZEROS:
                found[name] = _ZEROS[item.scalar]
        return found
    if isinstance(value, list):
        item = node.item() if node is not None and node.shape == "list" else None
        return [_without_nulls(each, item) for each in value]
    return value


def _managers_of(
    live: Object, node: Node | None, api_version: str, now: str, ignore: Collection[str], zero: Object | None
) -> Managers:
    """The managers of the live object. If it has none before its first apply, one manager gets all of its fields."""
    found = managers.decode((live.get("metadata") or {}).get("managedFields") or [], trusted=True)
    if found:
        return found
    fields = in_order(managers.new_fields(live, node, zero, ignore))
    before = Identity(managers.BEFORE_APPLY, UPDATE, api_version, "")
    return {before: Entry(fields, now, api_version)} if fields else {}


def _merged(live: Object, wanted: Object, node: Node | None) -> Object:
    metadata = {name: each for name, each in (live.get("metadata") or {}).items() if name != "managedFields"}
    merged: Object = merge({**live, "metadata": metadata}, wanted, plan_of(node))
    return merged


def _settle(
    known: Managers, identity: Identity, live: Object, merged: Object, node: Node | None, *, force: bool, now: str
) -> None:
    """Give the changed fields to the applier, or raise Conflict if other managers have them."""
    changed, gone = object_changes(live, merged, node)
    if changed and not force:
        _refuse_conflicts(known, identity, changed)
    managers.take_from_others(known, changed, gone, but=identity)
    entry = known[identity]
    if not entry.fields:
        del known[identity]
    elif changed or gone:
        known[identity] = entry._replace(time=now)


def _refuse_conflicts(known: Managers, identity: Identity, changed: FieldSet) -> None:
    conflicts: list[tuple[str, str]] = []
    for other, entry in known.items():
        if other != identity:
            shared = intersection(entry.fields, changed)
            conflicts.extend((_named(other), path_text(path)) for path in members(shared))
    if not conflicts:
        return
    conflicts.sort(key=lambda conflict: conflict[0])
    raise Conflict(
        _message(conflicts),
        causes=tuple(Cause("FieldManagerConflict", f"conflict with {name}", path) for name, path in conflicts),
    )


def _named(identity: Identity) -> str:
    name = f'"{identity.manager}"'
    if identity.subresource:
        name += f' with subresource "{identity.subresource}"'
    return f"{name} using {identity.api_version}" if identity.operation == UPDATE else name


def _message(conflicts: list[tuple[str, str]]) -> str:
    if len(conflicts) == 1:
        name, path = conflicts[0]
        return f"Apply failed with 1 conflict: conflict with {name}: {path}"
    lines = []
    last = ""
    for name, path in conflicts:
        if name != last:
            lines.append(f"conflicts with {name}:")
            last = name
        lines.append(f"- {path}")
    return f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)


def _set_managers(obj: Object, known: Managers) -> None:
    if known:
        obj.setdefault("metadata", {})["managedFields"] = managers.encode(known)
