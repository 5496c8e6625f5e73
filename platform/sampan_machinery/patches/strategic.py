"""Strategic merge patch: a merge patch whose lists of objects merge by key, as the schema and directives define.

Knows JSON shapes and ``Node``. Source: API concepts "Update API Objects in Place Using kubectl patch"; the design
"strategic-merge-patch" and "preserve-order-in-strategic-merge-patch"; apimachinery strategicpatch (meaning).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sampan.errors import BadRequest, Invalid
from sampan_machinery.metadata import copy
from sampan_machinery.types import Node

DIRECTIVE = "$patch"
RETAIN = "$retainKeys"
ORDER = "$setElementOrder/"
REMOVE = "$deleteFromPrimitiveList/"

_BAD_RETAIN = "invalid patch format of retainKeys"
_BAD_ORDER = "invalid patch format of setElementOrder list"
_BAD_REMOVE = "invalid patch format of primitive list"


def apply(document: dict[str, Any], patch: Any, node: Node | None) -> dict[str, Any]:
    """The patched object; neither argument is changed. ``node`` is the type of the object.

    Raises BadRequest, or Invalid for invalid list elements. Fields that are not in the type are merged as plain JSON.
    """
    return apply_to(copy(document), patch, node)


def apply_to(document: dict[str, Any], patch: Any, node: Node | None) -> dict[str, Any]:
    """As ``apply``, but changes ``document`` in place and returns it; what is raised leaves it half changed."""
    if not isinstance(patch, dict):
        raise BadRequest("invalid JSON document")
    return _merge_map(document, copy(patch), node)


def _merge_map(original: dict[str, Any], patch: dict[str, Any], node: Node | None) -> dict[str, Any]:
    """Both arguments may be changed."""
    if DIRECTIVE in patch:
        return _whole_map(patch)
    _retain_keys(original, patch)
    _merge_ordered(original, patch, node)
    for key, value in patch.items():
        removing = key.startswith(REMOVE)
        name = key[len(REMOVE) :] if removing else key
        if value is None:
            original.pop(name, None)
        elif removing:
            _remove_scalars(original, name, value)
        else:
            _merge_field(original, name, value, _below(node, name))
    return original


def _below(node: Node | None, name: str) -> Node | None:
    return node.field(name) if node is not None and node.shape in ("struct", "map") else None


def _whole_map(patch: dict[str, Any]) -> dict[str, Any]:
    directive = patch.pop(DIRECTIVE)
    if directive == "replace":
        return _cleaned_map(patch)
    if directive == "delete":
        return {}
    raise BadRequest(f"unknown patch type: {_shown(directive)} in map: {_shown(patch)}")


def _merge_field(original: dict[str, Any], name: str, value: Any, node: Node | None) -> None:
    old = original.get(name)
    if isinstance(old, dict) and isinstance(value, dict):
        replace = node is not None and _strategy(node) == "replace" and DIRECTIVE not in value
        original[name] = _cleaned_map(value) if replace else _merge_map(old, value, node)
    elif isinstance(old, list) and isinstance(value, list):
        original[name] = _merge_list(old, value, node)
    elif isinstance(value, dict) and DIRECTIVE in value:
        # An absent value cannot be replaced or deleted; upstream drops the directive too.
        original.pop(name, None)
    else:
        original[name] = _cleaned(value)


def _strategy(node: Node) -> str:
    """merge, replace or ""; retainKeys is a directive of the patch, not of the merge."""
    parts = [part for part in node.patch_strategy.split(",") if part != "retainKeys"]
    return parts[0] if parts else ""


# New values of a patch: directives and nulls are removed


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return _cleaned_map(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value if not (isinstance(each, dict) and DIRECTIVE in each)]
    return value


def _cleaned_map(value: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _cleaned(each)
        for key, each in value.items()
        if each is not None
        and not (isinstance(each, dict) and DIRECTIVE in each)
        and key != RETAIN
        and not key.startswith((ORDER, REMOVE))
    }


# $retainKeys


def _retain_keys(original: dict[str, Any], patch: dict[str, Any]) -> None:
    if RETAIN not in patch:
        return
    kept = patch.pop(RETAIN)
    if not isinstance(kept, list) or not all(isinstance(key, str) for key in kept):
        raise BadRequest(_BAD_RETAIN)
    names = set(kept)
    for key, value in patch.items():
        if value is not None and not key.startswith((ORDER, REMOVE)) and key not in names:
            raise BadRequest(_BAD_RETAIN)
    for key in [key for key in original if key not in names]:
        del original[key]


# Lists


def _identity(value: Any) -> Any:
    """A hashable value that is equal for equal JSON; true is not 1."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    return (isinstance(value, bool), value)


def _keys(items: Iterable[Any], merge_key: str) -> list[Any]:
    """The identity of each element: that of its merge key, or of itself without one; None if the key is missing."""
    if not merge_key:
        return [_identity(item) for item in items]
    return [
        _identity(item[merge_key]) if isinstance(item, dict) and item.get(merge_key) is not None else None
        for item in items
    ]


def _required_keys(items: list[Any], merge_key: str) -> list[Any]:
    keys = _keys(items, merge_key)
    for item, key in zip(items, keys, strict=True):
        if key is None:
            raise BadRequest(f"map: {_shown(item)} does not contain declared merge key: {merge_key}")
    return keys


def _remove_scalars(original: dict[str, Any], name: str, unwanted: Any) -> None:
    if not name or not isinstance(unwanted, list):
        raise BadRequest(_BAD_REMOVE)
    old = original.get(name)
    if isinstance(old, list):
        gone = set(_keys(unwanted, ""))
        original[name] = [item for item in old if _identity(item) not in gone]


def _merge_list(original: list[Any], patch: list[Any], node: Node | None) -> list[Any]:
    if node is None or _strategy(node) != "merge":
        return [_cleaned(each) for each in patch if not (isinstance(each, dict) and DIRECTIVE in each)]
    if not original and not patch:
        return original
    if not _holds_maps(original, patch):
        return _in_order(_joined(original, patch), patch, original, "")
    merge_key = node.patch_merge_key
    if not merge_key:
        raise BadRequest("cannot merge lists without merge key")
    original, patch = _special_elements(original, patch, merge_key)
    merged = _merge_elements(list(original), patch, merge_key, node.item())
    return _in_order(merged, patch, original, merge_key)


def _holds_maps(*lists: list[Any]) -> bool:
    kinds = {type(item) for each in lists for item in each}
    if list in kinds:
        raise Invalid("lists of lists are not supported")
    if dict in kinds and len(kinds) > 1:
        raise BadRequest(f"list element types are not identical: {_shown(list(lists))}")
    return dict in kinds


def _joined(original: list[Any], patch: list[Any]) -> list[Any]:
    return list({_identity(item): item for item in (*original, *patch)}.values())


def _special_elements(original: list[Any], patch: list[Any], merge_key: str) -> tuple[list[Any], list[Any]]:
    """Apply the elements that are directives. Returns the remaining list and patch."""
    plain, gone, replace = [], set(), False
    for item in patch:
        directive = item.get(DIRECTIVE)
        if DIRECTIVE not in item:
            plain.append(item)
        elif directive == "delete":
            gone.add(_required_keys([item], merge_key)[0])
        elif directive == "replace":
            replace = True
        elif directive == "merge":
            raise BadRequest("merging lists cannot yet be specified in the patch")
        else:
            raise BadRequest(f"unknown patch type: {_shown(directive)} in map: {_shown(item)}")
    if replace:
        return [_cleaned_map(item) for item in plain], []
    kept = zip(original, _keys(original, merge_key), strict=True)
    return [item for item, key in kept if key not in gone], plain


def _merge_elements(merged: list[Any], patch: list[Any], merge_key: str, node: Node | None) -> list[Any]:
    places: dict[Any, int] = {}
    for place, key in enumerate(_keys(merged, merge_key)):
        places.setdefault(key, place)
    for item, key in zip(patch, _required_keys(patch, merge_key), strict=True):
        if key in places:
            merged[places[key]] = _merge_map(merged[places[key]], item, node)
        else:
            places[key] = len(merged)
            merged.append(_cleaned_map(item))
    return merged


def _in_order(merged: list[Any], wanted: list[Any], live: list[Any], merge_key: str) -> list[Any]:
    """The order of ``wanted`` first, then that of ``live``. An element that only ``live`` has is inserted before the
    first element that follows it there."""
    rank = _ranks(_keys(wanted, merge_key))
    live_rank = _ranks(_keys(live, merge_key))
    pairs = list(zip(_keys(merged, merge_key), merged, strict=True))
    named = sorted((pair for pair in pairs if pair[0] in rank), key=lambda pair: rank[pair[0]])
    others = sorted((p for p in pairs if p[0] not in rank), key=lambda pair: live_rank.get(pair[0], -1))
    found: list[Any] = []
    position = 0
    for key, item in named:
        while position < len(others):
            before, other = others[position]
            if before not in live_rank or key not in live_rank or live_rank[before] >= live_rank[key]:
                break
            found.append(other)
            position += 1
        found.append(item)
    return found + [item for _, item in others[position:]]


def _ranks(keys: list[Any]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for place, key in enumerate(keys):
        found.setdefault(key, place)
    return found


# $setElementOrder


def _merge_ordered(original: dict[str, Any], patch: dict[str, Any], node: Node | None) -> None:
    """Merge each list that has a $setElementOrder, and remove it from the patch."""
    for directive in [key for key in patch if key.startswith(ORDER)]:
        order, name = patch.pop(directive), directive[len(ORDER) :]
        if not isinstance(order, list) or not name:
            raise BadRequest(_BAD_ORDER)
        below = _below(node, name)
        merge_key = below.patch_merge_key if below is not None else ""
        old, new = original.get(name), patch.get(name)
        if not isinstance(old, list | type(None)) or not isinstance(new, list | type(None)):
            raise BadRequest(_BAD_ORDER)
        if new is not None:
            _check_order(new, order, merge_key)
        if old is None or (new is None and name in patch):
            continue
        merged = _merge_list(copy(old), new, below) if new is not None else old
        patch.pop(name, None)
        original[name] = _in_order(merged, order, old, merge_key)


def _check_order(patch: list[Any], order: list[Any], merge_key: str) -> None:
    """Check that the patch's elements are in the order list, in the same order."""
    if not order or not patch:
        return
    plain = [item for item in patch if not (isinstance(item, dict) and DIRECTIVE in item)]
    wanted = iter(_required_keys(order, merge_key))
    if not all(any(key == each for each in wanted) for key in _required_keys(plain, merge_key)):
        raise BadRequest(
            f"The order in patch list:\n{_shown(patch)}\n doesn't match $setElementOrder list:\n{_shown(order)}\n"
        )


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= 1000 else f"{text[:1000]}…"
