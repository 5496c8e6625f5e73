from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sampan_rbac import coverage
from sampan_rbac.coverage import TooManyRules, parts, uncovered
from sampan_rbac.grammar import paths, rule
from sampan_rbac.rules import Rule, compiled, path_covers, resource_covers


@pytest.mark.parametrize(
    ("owned", "wanted", "covered"),
    [
        (rule("get list", "", "pods"), rule("get", "", "pods"), True),
        (rule("get", "", "pods"), rule("get list", "", "pods"), False),
        (rule("*", "*", "*"), rule("*", "*", "*"), True),
        (rule("get", "*", "*"), rule("*", "", "pods"), False),
        (rule("get", "", "pods", "a"), rule("get", "", "pods", "a"), True),
        (rule("get", "", "pods", "a"), rule("get", "", "pods"), False),
        (rule("get", "", "pods"), rule("get", "", "pods", "a"), True),
        (rule("get", "", "*/log"), rule("get", "", "pods/log"), True),
        (rule("*", "*", "*"), paths("get", "/x"), False),
        (paths("get", "/x/*"), paths("get", "/x/y"), True),
        (paths("get", "/x/*"), paths("get", "/x/y/*"), True),
        (paths("get", "/x/y"), paths("get", "/x/*"), False),
        (paths("get", "/x/*"), paths("get", "*"), False),
    ],
)
def test_what_one_holds_covers_what_one_gives(owned, wanted, covered):
    assert (uncovered(compiled([owned]), compiled([wanted])) == []) is covered


def words(*letters):
    return some.frozensets(some.sampled_from(letters), max_size=3)


RULES = some.builds(
    Rule,
    words("get", "list", "*"),
    words("", "apps", "*"),
    words("pods", "pods/log", "*/log", "*"),
    words("a", "b"),
    some.lists(some.sampled_from(["/x", "/x/*", "/x/y", "*"]), max_size=2).map(tuple),
)


def taken_apart(box):
    """Every part of a rule, as upstream counts them."""
    for verb in box.verbs:
        for path in box.paths:
            yield Rule(frozenset((verb,)), frozenset(), frozenset(), frozenset(), (path,))
        for group, resource, name in product(box.groups, box.resources, sorted(box.names) or [""]):
            names = frozenset((name,)) if name else frozenset()
            yield Rule(frozenset((verb,)), frozenset((group,)), frozenset((resource,)), names, ())


def covers(own, part):
    if not ({"*", *part.verbs} & own.verbs):
        return False
    if part.paths:
        return not own.names and any(path_covers(pattern, part.paths[0]) for pattern in own.paths)
    if not ({"*", *part.groups} & own.groups) or not resource_covers(own.resources, next(iter(part.resources))):
        return False
    return not own.names or bool(part.names and part.names <= own.names)


@settings(max_examples=500, deadline=None)
@given(some.lists(RULES, max_size=4), some.lists(RULES, max_size=2))
def test_what_is_left_are_just_the_parts_that_no_owned_rule_covers(owned, wanted):
    every = {part for box in wanted for part in taken_apart(box)}

    assert set(parts(uncovered(owned, wanted))) == {part for part in every if not any(covers(o, part) for o in owned)}


def numbered(letter, count=90):
    return " ".join(f"{letter}{number}" for number in range(count))


def test_a_rule_of_90_verbs_groups_and_resources_is_compared_in_few_steps(monkeypatch):
    monkeypatch.setattr(coverage, "MOST_STEPS", 10)
    big = compiled([rule(numbered("v"), "", numbered("r"))])[0]._replace(groups=frozenset(numbered("g").split()))

    assert uncovered(compiled([rule("get", "", "pods")]), [big]) == [big]
    assert uncovered([big], [big]) == []


def test_rules_that_cannot_be_compared_in_time_are_refused(monkeypatch):
    monkeypatch.setattr(coverage, "MOST_STEPS", 50)
    owned = compiled([rule("get", "", f"r{number}") for number in range(20)])
    wanted = compiled([rule("get list", "", f"r{number}") for number in range(20)])

    with pytest.raises(TooManyRules):
        uncovered(owned, wanted)
