"""The three-way merge: applies the changes between two shipped versions to the fields that have no edits.

Pure: knows JSON and ``Node``, nothing of servers. Structs and maps merge by field, lists by their keys (sets by their
elements); anything else is one value. DESIGN.md beside this file explains why there are four inputs and not three.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sampan_machinery.metadata import copy
from sampan_machinery.patches.json_patch import same
from sampan_machinery.types import Node

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "ABSENT", "__bool__": lambda self: False})()


class Merged(NamedTuple):
    """``kept``: paths that the new version changes and where a user's edit stays."""

    object: dict[str, Any]
    kept: list[str]


def merge(
    last: Mapping[str, Any], new: Mapping[str, Any], live: Mapping[str, Any], node: Node | None = None, *,
    made: Mapping[str, Any] | None = None,
) -> Merged:  # fmt: skip
    """``live`` with the changes from ``last`` to ``new``, except in fields that differ from what was shipped.

    ``made``: the server's answer to ``last``, with its defaults; a field equal to that in ``made`` counts as not
    edited. ``node``: the schema; None merges maps by field and treats lists as one value. No argument is changed, and
    the result shares nothing with them.
    """
    run = _Run()
    merged = run.value(last, last if made is None else made, new, live, node, "")
    return Merged(copy(dict(merged)), run.kept)


class _Run:
    """One merge; collects the paths where a user's edit was kept."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def value(self, last: Any, made: Any, new: Any, live: Any, node: Node | None, path: str) -> Any:
        """The merged value at ``path``, or ABSENT."""
        if equal(last, new) or equal(live, new):
            return live
        untouched = equal(live, last) or equal(live, made)
        if isinstance(new, dict) and isinstance(live, dict) and not _is_one_value(node):
            if untouched and _replaces_whole(node):
                return new
            return self._maps(last, made, new, live, node, path)
        if isinstance(new, list) and isinstance(live, list) and (label := labeller(node)) is not None:
            lists = [each if isinstance(each, list) else [] for each in (last, made, new, live)]
            if all(_is_distinct(each, label) for each in lists):
                return self._lists(*lists, node=node, label=label, path=path)
        if untouched:
            return new
        if new is ABSENT and isinstance(live, dict) and isinstance(last, dict) and _has_free_keys(node):
            return self._maps(last, made, {}, live, node, path) or ABSENT
        self.kept.append(path)
        return live

    def _maps(self, last: Any, made: Any, new: Any, live: Any, node: Node | None, path: str) -> dict[str, Any]:
        last, made = (each if isinstance(each, dict) else {} for each in (last, made))
        merged = {}
        for name in dict.fromkeys((*live, *new)):
            below = node.field(name) if node is not None and node.shape in ("struct", "map") else None
            found = self.value(
                last.get(name, ABSENT), made.get(name, ABSENT), new.get(name, ABSENT), live.get(name, ABSENT),
                below, f"{path}.{name}" if path else name,
            )  # fmt: skip
            if found is not ABSENT:
                merged[name] = found
        return merged

    def _lists(
        self, last: list[Any], made: list[Any], new: list[Any], live: list[Any], *, node: Node | None,
        label: Callable[[Any], str], path: str,
    ) -> list[Any]:  # fmt: skip
        """The order of ``live``; a new element follows the element that precedes it in the new version."""
        lasts, mades, news, lives = ({label(each): each for each in some} for some in (last, made, new, live))
        merged: dict[str, Any] = {}
        for key in dict.fromkeys((*lives, *news)):
            olds = lasts.get(key, ABSENT), mades.get(key, ABSENT)
            found = self._element(*olds, news.get(key, ABSENT), lives.get(key, ABSENT), node, f"{path}[{key}]")
            if found is not ABSENT:
                merged[key] = found
        order = [key for key in lives if key in merged]
        for index, key in enumerate(news):
            if key in merged and key not in lives:
                before = next((each for each in reversed(list(news)[:index]) if each in order), None)
                order.insert(0 if before is None else order.index(before) + 1, key)
        return [merged[key] for key in order]

    def _element(self, last: Any, made: Any, new: Any, live: Any, node: Node | None, path: str) -> Any:
        """An element is removed or kept as a whole, because a partial container is invalid."""
        item = node.item() if node is not None else None
        if isinstance(new, dict) and isinstance(live, dict):
            if "retainKeys" in (node.patch_strategy if node is not None else ""):
                if equal(last, new) or equal(live, new):
                    return live
                if equal(live, last) or equal(live, made):
                    return new
            return self.value(last, made, new, live, item, path)
        if equal(last, new) or equal(live, new):
            return live
        if equal(live, last) or equal(live, made):
            return new
        self.kept.append(path)
        return live


def equal(left: Any, right: Any) -> bool:
    """Equality of JSON; ABSENT equals itself."""
    if left is ABSENT or right is ABSENT:
        return left is right
    return same(left, right)


def labeller(node: Node | None) -> Callable[[Any], str] | None:
    """The function that identifies elements of this list; None if the list is one value."""
    if node is None or node.shape != "list":
        return None
    item = node.item()
    if node.list_type == "map" and node.list_keys:
        return lambda element: _keyed(element, node.list_keys, item)
    if "merge" in node.patch_strategy.split(",") and node.patch_merge_key:
        return lambda element: _keyed(element, (node.patch_merge_key,), item)
    if node.list_type == "set" or ("merge" in node.patch_strategy.split(",") and item.shape == "scalar"):
        return _shown
    return None


def _keyed(element: Any, keys: tuple[str, ...], item: Node) -> str:
    if not isinstance(element, dict):
        return _shown(element)
    found = ((key, element.get(key, item.default(key))) for key in keys)
    return ",".join(f"{key}={value if isinstance(value, str) else _shown(value)}" for key, value in found)


def _shown(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _is_distinct(elements: list[Any], label: Callable[[Any], str]) -> bool:
    return len({label(each) for each in elements}) == len(elements)


def _is_one_value(node: Node | None) -> bool:
    """Values without a schema (custom resources) are merged by field."""
    return node is not None and node.atomic and node.shape != "any"


def _has_free_keys(node: Node | None) -> bool:
    """Maps such as labels: entries are independent, so one can be removed without the others."""
    return node is not None and node.shape == "map" and not node.atomic


def _replaces_whole(node: Node | None) -> bool:
    """Unions (a strategy, a volume): the fields of one member must be removed when another member is set."""
    return node is not None and "retainKeys" in node.patch_strategy
