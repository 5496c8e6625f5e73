"""What of the wanted rules the owned rules do not cover, without multiplying the rules out.

A rule is a box: verbs x groups x resources x names, or verbs x paths. A rule of 90 verbs, groups and resources has
729,000 parts, as upstream counts them; here the owned boxes are cut out of the wanted one, and what is left are boxes
again. Upstream's semantics: every single part must lie in one owned rule. Pure.

Source: component-helpers auth/rbac/validation (Covers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from sampan_rbac.rules import Rule, path_covers, resource_covers

#: Comparisons of a wanted box with an owned rule. Each costs about a microsecond, on the server's event loop.
MOST_STEPS = 20_000


#: What of a box (second) is outside an owned rule (first).
Cut = Callable[[Rule, Rule], Iterator[Rule]]
_NONE = frozenset[str]()


class TooManyRules(Exception):
    """The rules cannot be compared within ``MOST_STEPS``."""


def uncovered(owned: Sequence[Rule], wanted: Sequence[Rule]) -> list[Rule]:
    """Boxes that hold all the parts of ``wanted`` that no owned rule covers; raises TooManyRules."""
    return _Comparison(owned).left_of(wanted)


def parts(boxes: Sequence[Rule]) -> Iterator[Rule]:
    """Every single part of the boxes: one verb, group, resource and name, or one verb and path, each once."""
    seen: set[Rule] = set()
    for box in boxes:
        for verb in sorted(box.verbs):
            for part in _of_one_verb(box, frozenset((verb,))):
                if part not in seen:
                    seen.add(part)
                    yield part


def _of_one_verb(box: Rule, verbs: frozenset[str]) -> Iterator[Rule]:
    for path in box.paths:
        yield Rule(verbs, _NONE, _NONE, _NONE, (path,))
    for group, resource, name in product(sorted(box.groups), sorted(box.resources), sorted(box.names) or [""]):
        names = frozenset((name,)) if name else _NONE
        yield Rule(verbs, frozenset((group,)), frozenset((resource,)), names, ())


class _Comparison:
    """Owned rules by API group, and the steps that are left."""

    def __init__(self, owned: Sequence[Rule]) -> None:
        self._steps = MOST_STEPS
        self._paths = [rule for rule in owned if rule.paths and not rule.names]  # a named rule covers no path
        self._everywhere = [rule for rule in owned if "*" in rule.groups]
        self._by_group: dict[str, list[Rule]] = {}
        for rule in owned:
            for group in rule.groups - {"*"}:
                self._by_group.setdefault(group, []).append(rule)

    def left_of(self, wanted: Sequence[Rule]) -> list[Rule]:
        left: list[Rule] = []
        for rule in dict.fromkeys(wanted):
            if rule.paths:
                left += self._cut([rule._replace(groups=_NONE, resources=_NONE, names=_NONE)], self._paths, _cut_paths)
            if rule.groups and rule.resources:
                near: dict[Rule, None] = dict.fromkeys(self._everywhere)
                for group in rule.groups:
                    near.update(dict.fromkeys(self._by_group.get(group, ())))
                left += self._cut([rule._replace(paths=())], list(near), _cut_resources)
        return [box for box in left if box.verbs]

    def _cut(self, boxes: list[Rule], owned: Sequence[Rule], cut: Cut) -> list[Rule]:
        for own in owned:
            if not boxes:
                break
            self._steps -= sum(1 + len(box.paths) * len(own.paths) // 8 for box in boxes)
            if self._steps < 0:
                raise TooManyRules
            boxes = [rest for box in boxes for rest in cut(own, box)]
        return boxes


def _cut_paths(own: Rule, box: Rule) -> Iterator[Rule]:
    """What of a box of paths is outside an owned rule."""
    verbs = box.verbs if "*" in own.verbs else box.verbs & own.verbs
    inside = frozenset(path for path in box.paths if any(path_covers(pattern, path) for pattern in own.paths))
    if not verbs or not inside:
        yield box
        return
    if verbs != box.verbs:
        yield box._replace(verbs=box.verbs - verbs)
    if len(inside) < len(box.paths):
        yield box._replace(verbs=verbs, paths=tuple(path for path in box.paths if path not in inside))


def _cut_resources(own: Rule, box: Rule) -> Iterator[Rule]:
    """What of a box of resources is outside an owned rule: at most a box for each of the four sides."""
    verbs = box.verbs if "*" in own.verbs else box.verbs & own.verbs
    groups = box.groups if "*" in own.groups else box.groups & own.groups
    if not verbs or not groups or (own.names and not box.names):
        yield box
        return
    resources = _covered_resources(own.resources, box.resources)
    names = box.names & own.names if own.names else box.names
    if not resources or (own.names and not names):
        yield box
        return
    if verbs != box.verbs:
        yield box._replace(verbs=box.verbs - verbs)
        box = box._replace(verbs=verbs)
    if groups != box.groups:
        yield box._replace(groups=box.groups - groups)
        box = box._replace(groups=groups)
    if resources != box.resources:
        yield box._replace(resources=box.resources - resources)
        box = box._replace(resources=resources)
    if names != box.names:
        yield box._replace(names=box.names - names)


def _covered_resources(owned: frozenset[str], wanted: frozenset[str]) -> frozenset[str]:
    if "*" in owned or wanted <= owned:
        return wanted
    return frozenset(resource for resource in wanted if resource_covers(owned, resource))
