"""Which of the fitting clusters are taken, by spread constraints. Pure.

Groups (providers, then regions, then zones, then values of labels) are chosen first, as few as their minimum allows and
the best first; then clusters: one of each group, and further ones up to the constraint by cluster. All combinations
that come into question are tried in the order of preference, up to a bound.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

GROUPS = ("provider", "region", "zone")
LABEL = "label "  # before a label's key, where the groups are its values
MOST_TRIED = 5000  # combinations of groups; beyond that the constraints count as not satisfiable


class Ranked(NamedTuple):
    """A cluster with what it is chosen by."""

    name: str
    groups: Mapping[str, tuple[str, ...]]  # by field
    running: bool
    available: int  # replicas, with those that run there


class Bounds(NamedTuple):
    least: int
    most: int


def bounds_of(constraints: Sequence[Mapping[str, Any]]) -> dict[str, Bounds]:
    """By field, or by label (LABEL and its key). A constraint without either is by cluster; without maxGroups there is
    no limit."""
    found = {}
    for each in constraints:
        by = each.get("spreadByField") or (
            f"{LABEL}{each['spreadByLabel']}" if each.get("spreadByLabel") else "cluster"
        )
        found[by] = Bounds(each.get("minGroups") or 1, each.get("maxGroups") or 2**31)
    return found


def fields_of(constraints: Sequence[Mapping[str, Any]]) -> list[str]:
    """What clusters are grouped by, in the order in which groups are chosen."""
    bounds = bounds_of(constraints)
    return [*(field for field in GROUPS if field in bounds), *(field for field in bounds if field.startswith(LABEL))]


def ranked(clusters: Sequence[Ranked]) -> list[Ranked]:
    """The best first: where the workload runs already, then the roomiest."""
    return sorted(clusters, key=lambda each: (not each.running, -each.available, each.name))


def choose(clusters: Sequence[Ranked], constraints: Sequence[Mapping[str, Any]], needed: int) -> list[Ranked] | str:
    """The clusters to take, or why there are none. ``needed``: replicas that have to fit on them together; 0: that does
    not matter."""
    bounds, found = bounds_of(constraints), ranked(clusters)
    if not bounds:
        return found
    for field, bound in bounds.items():
        count = len({group for each in found for group in each.groups.get(field, ())})
        if count < bound.least:
            return f"{_number(count, field)}, and the policy wants {bound.least} at least"
    least, most = bounds.get("cluster", Bounds(1, 2**31))
    fields = fields_of(constraints)
    roomy = False
    for number, chosen in enumerate(_groupings(found, fields, bounds)):
        if number >= MOST_TRIED:
            return f"{MOST_TRIED} combinations of groups were tried, and none satisfies the spread constraints"
        parts = _clusters(chosen, least, most)
        if parts is None:
            continue
        roomy = True
        if taken := _with_room(*parts, needed):
            return taken
    if roomy:
        return f"no clusters that the spread constraints allow have room for {needed} replicas together"
    return f"no choice of clusters satisfies the spread constraints ({_number(len(found), 'cluster')} to choose from)"


class _Chosen(NamedTuple):
    candidates: list[Ranked]
    groups: list[tuple[str, str]]  # (field, group): each has to have a cluster


def _groupings(found: list[Ranked], fields: list[str], bounds: Mapping[str, Bounds]) -> Iterator[_Chosen]:
    """Choices of groups of all fields, in the order of preference."""
    if not fields:
        yield _Chosen(found, [])
        return
    field, rest = fields[0], fields[1:]
    for names in _combinations(found, field, bounds[field]):
        inside = [each for each in found if set(each.groups.get(field, ())) & set(names)]
        for chosen in _groupings(inside, rest, bounds):
            yield _Chosen(chosen.candidates, [*((field, name) for name in names), *chosen.groups])


def _combinations(found: list[Ranked], field: str, bound: Bounds) -> Iterator[tuple[str, ...]]:
    groups: dict[str, list[Ranked]] = {}
    for each in found:
        for group in each.groups.get(field, ()):
            groups.setdefault(group, []).append(each)

    def worth(group: str) -> tuple[int, int, str]:
        members = groups[group]
        return (-sum(each.running for each in members), -sum(each.available for each in members), group)

    order = sorted(groups, key=worth)
    # Where it runs already is kept, up to the maximum: a new member of the federation moves nothing.
    kept = min(sum(1 for group in order if any(each.running for each in groups[group])), bound.most)
    first = max(bound.least, kept)
    sizes = [
        *range(first, min(bound.most, len(order)) + 1),
        *range(min(first, len(order) + 1) - 1, bound.least - 1, -1),
    ]
    for size in sizes:
        yield from itertools.combinations(order, size)


def _clusters(chosen: _Chosen, least: int, most: int) -> tuple[list[Ranked], list[Ranked], list[Ranked]] | None:
    """(needed for the groups, taken beside, left over), or None if there are too few or too many."""
    first: list[Ranked] = []
    for field, group in reversed(chosen.groups):  # inner groups first: their clusters often are those of outer ones
        if not any(group in each.groups.get(field, ()) for each in first):
            first.append(next(each for each in chosen.candidates if group in each.groups.get(field, ())))
    if len(first) > most or len(chosen.candidates) < least:
        return None
    rest = [each for each in chosen.candidates if each not in first]
    count = most - len(first)
    return first, rest[:count], rest[count:]


def _with_room(first: list[Ranked], beside: list[Ranked], left: list[Ranked], needed: int) -> list[Ranked]:
    """With less roomy clusters exchanged for others until the replicas fit; empty if they cannot."""
    beside, left = list(beside), sorted(left, key=lambda each: -each.available)

    def short() -> bool:
        return needed > 0 and sum(each.available for each in (*first, *beside)) < needed

    for index in reversed(range(len(beside))):
        if not short() or not left:
            break
        if left[0].available > beside[index].available:
            beside[index] = left.pop(0)
    return [] if short() else [*first, *beside]


def _number(count: int, what: str) -> str:
    if what.startswith(LABEL):
        return f"{count} value{'s' if count != 1 else ''} of the {what} {'fit' if count != 1 else 'fits'}"
    return f"1 {what} fits" if count == 1 else f"{count} {what}s fit"
