"""A PATCH of any format on an object of a kind: reading the document, applying it, and judging the result.

``how`` is json, merge or strategic; server-side apply is in ``sampan_machinery.apply``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest
from sampan_machinery import media
from sampan_machinery.kindschema.protocol import STRATEGIC, KindSchema
from sampan_machinery.patches import json_patch, merge_patch, refusals, strategic
from sampan_machinery.schema import depth, strict
from sampan_machinery.types import Node

MOST_OPERATIONS = 10_000  # of a JSON patch, as upstream
#: A number that is not written as a whole one; may be found in texts, too.
_FRACTION = re.compile(rb"[0-9][.eE]")


def read(how: str, data: bytes) -> Any:
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


def problems(how: str, data: bytes, change: Any) -> list[str]:
    """What strict field validation says of a patch document itself: keys that are given twice, and unknown ones."""
    if data.count(b'":') != msgspec.json.encode(change).count(b'":'):
        found = strict.duplicates(strict.read_pairs(data))
    else:
        found = []
    if how == "json":
        known = {"op", "path", "from", "value"}
        operations = [
            (at, each) for at, each in enumerate(change) if isinstance(each, dict)
        ]  # others are refused below
        found += [f'unknown field "[{at}].{name}"' for at, each in operations for name in each if name not in known]
        return [f"json patch {each}" for each in found]
    return found


def copies(patch: Any) -> bool:
    """Whether a JSON patch has operations that copy a value to another place."""
    return any(isinstance(each, dict) and each.get("op") == "copy" for each in patch)


def patch(
    how: str, schema: KindSchema, current: Object, change: Any, strictness: str, *, may_change: bool = False
) -> tuple[Object, list[str]]:
    """The patched object, pruned by its schema, and what strict field validation says of it. Raises what the patch
    functions raise, and Invalid for a result that does not fit the kind.

    Only what the patch names at the top is checked: the rest of ``current`` was when it was written. ``may_change``
    says that ``current`` may be changed.
    """
    node = schema.node
    if how == "strategic" and STRATEGIC not in schema.patch_types:
        raise media.unsupported(*schema.patch_types)
    patched = _patched(how, current, change, node, may_change=may_change)
    if node is None:
        return patched, []
    touched = _touched(how, change, patched)
    part = {name: patched[name] for name in touched if name in patched}
    try:
        pruned, unknown = (schema.prune(part), []) if strictness == "Ignore" else schema.prune_checked(part)
    except BadRequest as error:
        raise refusals.unreadable(how, change, patched, error) from None
    for name in part:
        if name not in pruned:
            del patched[name]
    patched.update(pruned)
    return patched, unknown


def patch_listless(
    how: str, schema: KindSchema, current: Object, change: Any, strictness: str
) -> tuple[Object, list[str]]:
    """The same for a kind without lists to merge, such as Scale, judged already: warnings are returned."""
    patched = _patched(how, current, change, None, may_change=False)
    try:
        pruned, unknown = schema.prune_checked(patched)
    except BadRequest as error:
        raise refusals.unreadable(how, change, patched, error) from None
    return pruned, judged(unknown, strictness, how, change, patched)


def judged(found: list[str], strictness: str, how: str, change: Any, patched: Object) -> list[str]:
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


def _patched(how: str, current: Object, change: Any, node: Node | None, *, may_change: bool) -> Object:
    if how == "merge":
        return merge_patch.apply_to(current, change) if may_change else merge_patch.apply(current, change)
    if how == "strategic":
        return (strategic.apply_to if may_change else strategic.apply)(current, change, node)
    found = (json_patch.apply_to if may_change else json_patch.apply)(current, change)
    if not isinstance(found, dict):
        raise BadRequest("the patch leaves no object")
    return found
