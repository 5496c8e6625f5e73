"""The one place that names the objects layer's functions which the verbs use: decoding, patching, selecting, tables.

Knows kinds and dicts; nothing of requests, caches or stores.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from sampan.contracts.kinds import Kind, Object, Problem
from sampan.errors import BadRequest, UnsupportedMediaType
from sampan_machinery import metadata, protobuf, schema, selectors, structural, tables, validation, yamlin
from sampan_machinery.apply import apply as applying
from sampan_machinery.apply import managers
from sampan_machinery.patches import json_patch, merge_patch, refusals, strategic
from sampan_machinery.schema import depth, strict
from sampan_machinery.schema import schemas as free
from sampan_machinery.types import Node

label_selector = selectors.parse_labels
Selector = selectors.Selector
copy = metadata.copy

JSON_TYPES = frozenset({"application/json", "*/*", ""})
YAML_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml"})
PROTOBUF = "application/vnd.kubernetes.protobuf"
MOST_OPERATIONS = 10_000  # of a JSON patch, as upstream
_UNKNOWN_FORM = "the body of the request was in an unknown format - accepted media types include: "


def field_terms(text: str) -> list[tuple[str, str, str]]:
    """(field, "=" or "!=", value); raises BadRequest."""
    return [(term.key, term.operator, term.values[0]) for term in selectors.parse_fields(text).requirements]


def check_metadata(obj: Object, kind: Kind, old: Object | None) -> Iterable[Problem]:
    own = kind.schema is None
    return validation.validate_metadata(obj, namespaced=kind.namespaced, name_rule=kind.name_rule, old=old, own=own)


def decode(kind: Kind, data: bytes, media: str, strictness: str) -> tuple[Object, list[str]]:
    """A body as an object of the kind, and warnings. Raises BadRequest (what is wrong, or with Strict what is unknown)
    or UnsupportedMediaType."""
    own = structural.of(kind)
    if own is not None:
        return _decode_own(own, kind, data, media, strictness)
    schemas = schema.load()
    address = (kind.group, kind.version, kind.kind)
    if not schemas.has(*address):
        return decode_options(data, media), []
    if media not in JSON_TYPES:
        obj = decode_options(data, media)
        found = [] if strictness == "Ignore" else schemas.unknown_fields(*address, obj)
        if media in YAML_TYPES and strictness != "Ignore":
            found = [*yamlin.duplicates(data), *found]
        check_kind(obj, kind)
        return schemas.prune(*address, obj), judged(found, strictness, address)
    if strictness == "Ignore":
        return schemas.decode(*address, data), []
    obj, found = schemas.decode_checked(*address, data)
    return obj, judged(found, strictness, address)


def _decode_own(
    own: structural.Structural, kind: Kind, data: bytes, media: str, strictness: str
) -> tuple[Object, list[str]]:
    """The same for a kind with a schema of its own. No protobuf: there are no field numbers."""
    if media == PROTOBUF:
        raise UnsupportedMediaType(_UNKNOWN_FORM + "application/json, application/yaml")
    obj = decode_options(data, media)
    check_kind(obj, kind)
    pruned = own.prune(obj)
    if strictness == "Ignore" or (media in JSON_TYPES and _is_plain(data, pruned)):
        return pruned, []
    if media in JSON_TYPES:
        found = own.strict_problems(data)
    else:
        found = [*yamlin.duplicates(data), *own.unknown_fields(obj)]
    return pruned, judged(found, strictness, (kind.group, kind.version, kind.kind))


def default(kind: Kind, obj: Object) -> None:
    """The schema's defaults, then the kind's own."""
    own = structural.of(kind)
    if own is not None:
        own.default(obj)
    kind.default(obj)


def complete(kind: Kind, obj: Object, old: Object | None = None) -> None:
    """Put in the fields that a Kubernetes kind always answers with. A kind with a schema of its own has none. What is
    the very same in ``old`` has them already."""
    if structural.of(kind) is None:
        schemas, address = schema.load(), (kind.group, kind.version, kind.kind)
        if schemas.has(*address):
            schemas.complete(*address, obj, old)


def zero(kind: Kind) -> Object:
    """An object of the kind of which nothing is set, as Kubernetes compares a new one with. Never to be changed."""
    schemas, address = schema.load(), (kind.group, kind.version, kind.kind)
    return schemas.zero(*address) if structural.of(kind) is None and schemas.has(*address) else {}


def check(kind: Kind, obj: Object, old: Object | None) -> list[Problem]:
    """All that is wrong with an object. ``Kind.validate`` sees only objects that fit the schema."""
    found = list(check_metadata(obj, kind, old))
    own = structural.of(kind)
    if own is not None:
        misfits = own.check(obj)
        if misfits:
            return found + misfits
    return [*found, *kind.validate(obj, old)]


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


def judged(found: list[str], strictness: str, address: tuple[str, str, str]) -> list[str]:
    """Warnings, or with Strict the 400 that names them all."""
    if found and strictness == "Strict":
        _, version, kind = address
        raise BadRequest(
            f'{kind} in version "{version}" cannot be handled as a {kind}: strict decoding error: {", ".join(found)}'
        )
    return found


def decode_kind(group: str, version: str, kind: str, data: bytes, media: str) -> Object:
    """A body of a kind that need not be served here (Scale, Binding, TokenRequest)."""
    schemas = schema.load()
    if not schemas.has(group, version, kind):
        return decode_options(data, media)
    if media in JSON_TYPES:
        return schemas.decode(group, version, kind, data)
    return schemas.prune(group, version, kind, decode_options(data, media))


def decode_options(data: bytes, media: str) -> Object:
    """A body of whatever kind, as it is. Raises BadRequest or UnsupportedMediaType."""
    if media in JSON_TYPES:
        return free.decode_free(data, "object")
    if media in YAML_TYPES:
        return yamlin.decode(data)
    if media == PROTOBUF:
        return protobuf.decode(data)
    raise UnsupportedMediaType(f"{_UNKNOWN_FORM}application/json, application/yaml, {PROTOBUF}")


#: A number that is not written as a whole one; may be found in texts, too.
_FRACTION = re.compile(rb"[0-9][.eE]")


def read_patch(how: str, data: bytes) -> Any:
    """The patch document; raises BadRequest. A strategic one has whole numbers where 2.0 was sent."""
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise BadRequest(f"error decoding patch: {error}") from error
    if depth.may_be_deep(data) and depth.is_deep(found):
        raise BadRequest("error decoding patch: exceeded max depth")
    if how == "json" and not isinstance(found, list):
        raise BadRequest("error decoding patch: a JSON patch is a list of operations")
    if how == "json" and len(found) > MOST_OPERATIONS:
        raise BadRequest(f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(found)}")
    if how != "json" and not isinstance(found, dict):
        raise BadRequest("error decoding patch: an object is expected")
    return refusals.whole(found) if how == "strategic" and _FRACTION.search(data) else found


def patch_problems(how: str, data: bytes, change: Any) -> list[str]:
    """What strict field validation says of a patch document itself: keys that are given twice, and unknown ones."""
    if data.count(b'":') != msgspec.json.encode(change).count(b'":'):
        found = strict.duplicates(strict.read_pairs(data))
    else:
        found = []
    if how == "json":
        known = {"op", "path", "from", "value"}
        found += [
            f'unknown field "[{at}].{name}"' for at, each in enumerate(change) for name in each if name not in known
        ]
        return [f"json patch {each}" for each in found]
    return found


def copies(patch: Any) -> bool:
    """Whether a JSON patch has operations that copy a value to another place."""
    return any(isinstance(each, dict) and each.get("op") == "copy" for each in patch)


def patch(
    how: str, kind: Kind, current: Object, change: Any, strictness: str, *, given_away: bool = False
) -> tuple[Object, list[str]]:
    """The patched object, pruned by its schema, and what strict field validation says of it. Raises what the patch
    functions raise, and Invalid for a result that does not fit the kind.

    Only what the patch names at the top is checked: the rest of ``current`` was when it was written. ``given_away``
    says that ``current`` may be changed.
    """
    own, address, node = structural.of(kind), (kind.group, kind.version, kind.kind), node_of(kind)
    if how == "strategic" and (node is None or own is not None):
        raise UnsupportedMediaType(
            _UNKNOWN_FORM + "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
        )
    if given_away and how == "merge":
        patched = merge_patch.apply_to(current, change)
    else:
        patched = _patched(how, current, change, node)
    if node is None:
        return patched, []
    touched = _touched(how, change, patched)
    part = {name: patched[name] for name in touched if name in patched}
    try:
        if own is not None:
            pruned = own.prune(part)
            unknown = [] if strictness == "Ignore" or pruned == part else own.unknown_fields(part)
        elif strictness == "Ignore":
            pruned, unknown = schema.load().prune(*address, part), []
        else:
            pruned, unknown = schema.load().prune_checked(*address, part)
    except BadRequest as error:
        raise refusals.unreadable(how, change, patched, error) from None
    for name in part:
        if name not in pruned:
            del patched[name]
    patched.update(pruned)
    return patched, unknown


def judged_patch(found: list[str], strictness: str, how: str, change: Any, patched: Object) -> list[str]:
    """Warnings, or with Strict the 422 that names them all."""
    if found and strictness == "Strict":
        raise refusals.unreadable(how, change, patched, "strict decoding error: " + ", ".join(found))
    return [] if strictness == "Ignore" else found


def _touched(how: str, change: Any, patched: Object) -> Iterable[str]:
    """The top-level fields that a patch can have changed."""
    if how == "merge":
        return list(change)
    if how == "strategic":
        if any(name in change for name in (strategic.DIRECTIVE, strategic.RETAIN)):
            return list(patched)
        return {name.rpartition("/")[2] if name.startswith("$") else name for name in change}
    places = [str(operation.get(name) or "") for operation in change for name in ("path", "from") if name in operation]
    names = {place[1:].partition("/")[0].replace("~1", "/").replace("~0", "~") for place in places}
    return list(patched) if "" in names else names


def patch_scale(how: str, current: Object, change: Any, strictness: str) -> tuple[Object, list[str]]:
    """The same for a Scale, which has no lists to merge; with warnings."""
    patched = _patched(how, current, change, None)
    try:
        pruned, unknown = schema.load().prune_checked("autoscaling", "v1", "Scale", patched)
    except BadRequest as error:
        raise refusals.unreadable(how, change, patched, error) from None
    return pruned, judged_patch(unknown, strictness, how, change, patched)


def _patched(how: str, current: Object, change: Any, node: Node | None) -> Object:
    if how == "json":
        found = json_patch.apply(current, change)
        if not isinstance(found, dict):
            raise BadRequest("the patch leaves no object")
        return found
    if how == "merge":
        return merge_patch.apply(current, change)
    return strategic.apply(current, change, node)


def read_apply(kind: Kind, data: bytes, strictness: str) -> tuple[Object, list[str]]:
    """The applied configuration, JSON or YAML, and warnings; raises BadRequest. Fields without a type are ``apply``'s
    to refuse."""
    found = yamlin.decode(data)
    twice = [] if strictness == "Ignore" else yamlin.duplicates(data)
    warnings = judged(twice, strictness, (kind.group, kind.version, kind.kind))
    version, name = str(found.get("apiVersion") or ""), str(found.get("kind") or "")
    if (version, name) != (kind.api_version, kind.kind):
        raise BadRequest(f"invalid object type: {version if '/' in version else '/' + version}, Kind={name}")
    if not isinstance(found.setdefault("metadata", {}), dict):
        raise BadRequest("metadata must be an object")
    return found, warnings


def apply(
    kind: Kind, current: Object | None, config: Object, *, manager: str, force: bool, now: str, subresource: str,
    ignore: Collection[str],
) -> Object:  # fmt: skip
    """The merged object, pruned by its schema, with its managedFields."""
    merged = applying.apply(
        current, config, node_of(kind), manager=manager, force=force, api_version=kind.api_version, now=now,
        subresource=subresource, ignore=ignore, zero=zero(kind),
    )  # fmt: skip
    own = structural.of(kind)
    if own is not None:
        return own.prune(merged)
    address = (kind.group, kind.version, kind.kind)
    return schema.load().prune(*address, merged) if schema.load().has(*address) else merged


def track(kind: Kind, before: Object | None, after: Object, *, manager: str, now: str, subresource: str) -> None:
    """Set managedFields after a create, update or patch."""
    managers.track(
        before, after, node_of(kind), manager=manager, api_version=kind.api_version, now=now, subresource=subresource,
        zero=zero(kind) if before is None else None, ignore=("status",) if kind.status and not subresource else (),
    )  # fmt: skip


def node_of(kind: Kind) -> Node | None:
    own = structural.of(kind)
    if own is not None:
        return own.node
    schemas, address = schema.load(), (kind.group, kind.version, kind.kind)
    return schemas.node(*address) if schemas.has(*address) else None


def check_kind(obj: Object, kind: Kind) -> None:
    """Refuse another kind before its fields are read as this one's; raises BadRequest."""
    sent = obj.get("kind")
    if sent and sent != kind.kind:
        raise BadRequest(
            f'{sent} in version "{obj.get("apiVersion")}" cannot be handled as a {kind.kind}: no kind "{sent}" is '
            f"registered for this resource"
        )


def table(
    kind: Kind, objects: Iterable[Object], *, now: float, include: str, version: str, meta: Mapping[str, Any]
) -> Object:
    """A meta.k8s.io Table."""
    full = f"meta.k8s.io/{version}"
    return tables.to_table(kind.columns, objects, now=now, include=include, version=full, metadata=meta)
