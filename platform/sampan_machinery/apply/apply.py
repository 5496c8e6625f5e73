"""Server-side apply: a manager sends all the fields that it manages; fields of other managers stay.

Source: documentation "Server-Side Apply", KEP-555; apimachinery managedfields, structured-merge-diff merge (meaning).
"""

from __future__ import annotations

from collections.abc import Collection

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest, Cause, Conflict
from sampan_machinery.apply import managers
from sampan_machinery.apply.checking import check
from sampan_machinery.apply.fieldset import in_order, intersection, members, path_text
from sampan_machinery.apply.managed_fields import object_fields, plan_of
from sampan_machinery.apply.managers import APPLY, UPDATE, Entry, Identity, Managers
from sampan_machinery.apply.merging import merge
from sampan_machinery.apply.versions import Changes, Convert, View, pruned
from sampan_machinery.metadata import copy, remove_path
from sampan_machinery.types import Node


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
    convert: Convert | None = None,
    resets: Collection[str] = (),
) -> Object:
    """Returns the merged object with its managedFields; neither argument is changed.

    ``live`` is None if the object does not exist yet. ``now`` is RFC 3339 text. ``ignore`` names top-level fields that
    this write cannot set (``status`` on the main resource): they are neither merged nor managed; those of ``first`` a
    new object takes all the same, and they have no manager. ``zero`` is an object of the type with no field set: what
    ``live`` has beyond it was set by some manager. ``convert`` tells what managers of other versions have; without it,
    all have the fields of this one. ``resets`` are as ``ignore``, and paths with dots. The result equals ``live`` if
    nothing changed. A null in it stands for the zero value of its type: the applier wants the field without a value.
    Raises BadRequest; raises Conflict, unless ``force``, with a cause for each field that another manager manages.
    """
    _check_config(config, node, api_version)
    body = {name: each for name, each in config.items() if name not in ignore}
    if resets:
        body = copy(body)
        for path in resets:
            remove_path(body, path.split("."))
    wanted: Object = copy(body)
    identity = Identity.of(manager=manager, operation=APPLY, api_version=api_version, subresource=subresource)
    fields = in_order(object_fields(body, node, dots=False))
    if live is None:
        wanted.update({name: copy(config[name]) for name in first if name in config})
        _set_managers(wanted, {identity: Entry(fields, now, api_version)} if fields else {})
        return wanted
    known = _managers_of(live, node, api_version, now, ignore, zero)
    last = known.get(identity)
    merged = _merged(live, wanted, node)
    known[identity] = Entry(fields, last.time if last is not None else "", api_version)
    if last is not None and last.fields:
        merged = pruned(View(merged, node), last.fields, last.api_version, known, api_version, convert)
    changes = Changes(api_version, View(live, node), View(merged, node), convert)
    _settle(known, identity, changes, force=force, now=now)
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


def _settle(known: Managers, identity: Identity, changes: Changes, *, force: bool, now: str) -> None:
    """Give the changed fields to the applier, or raise Conflict if other managers have them."""
    changed, gone = changes.own
    if changed and not force:
        _refuse_conflicts(known, identity, changes)
    managers.take_from_others(known, changes.of, but=identity)
    entry = known[identity]
    if not entry.fields:
        del known[identity]
    elif changed or gone:
        known[identity] = entry._replace(time=now)


def _refuse_conflicts(known: Managers, identity: Identity, changes: Changes) -> None:
    conflicts: list[tuple[str, str]] = []
    for other, entry in known.items():
        found = changes.of(entry.api_version) if other != identity else None
        if found is not None:
            shared = intersection(entry.fields, found[0])
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
