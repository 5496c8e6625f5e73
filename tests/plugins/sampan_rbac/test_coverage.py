from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sampan_rbac import coverage
from sampan_rbac.coverage import TooManyRules, parts, uncovered
from sampan_rbac.grammar import paths, rule
from sampan_rbac.rules import Rule, compiled


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


def box(verbs, groups, resources, names, urls):
    return Rule(frozenset(verbs), frozenset(groups), frozenset(resources), frozenset(names), tuple(urls))


RULES = some.builds(
    box,
    some.sets(some.sampled_from(["*", "get", "list", "watch"]), max_size=3),
    some.sets(some.sampled_from(["*", "", "apps"]), max_size=3),
    some.sets(some.sampled_from(["*", "pods", "pods/log", "*/log", "x/log"]), max_size=3),
    some.sets(some.sampled_from(["a", "b", ""]), max_size=3),
    some.lists(some.sampled_from(["*", "/a", "/a/*", "/a/b", "/a*", "/a**"]), max_size=2),
)


def taken_apart(made):
    """Every part of a rule, as upstream counts them."""
    resources = set(product(made.verbs, made.groups, made.resources, made.names or {None}, [None]))
    return resources | {(verb, None, None, None, path) for verb in made.verbs for path in made.paths}


def allows(own, part):
    """Source: component-helpers auth/rbac/validation, ruleCovers."""
    verb, group, resource, name, path = part
    if not {"*", verb} & own.verbs or (own.names and name not in own.names):
        return False
    if path is not None:
        return any(held == path or (held.endswith("*") and path.startswith(held.rstrip("*"))) for held in own.paths)
    below = {f"*/{resource.split('/', 1)[1]}"} if "/" in resource else set()
    return bool({"*", group} & own.groups and ({"*", resource} | below) & own.resources)


def unnamed(found):
    """No name is an empty name, as ``coverage.parts`` has it."""
    return {(verb, group, resource, name or None, path) for verb, group, resource, name, path in found}


@settings(max_examples=500, deadline=None)
@given(some.lists(RULES, max_size=4), some.lists(RULES, max_size=3))
def test_what_is_left_are_just_the_parts_that_no_owned_rule_covers(owned, wanted):
    left = uncovered(owned, wanted)
    found = set().union(*map(taken_apart, left))

    every = set().union(*map(taken_apart, wanted))
    assert found == {part for part in every if not any(allows(own, part) for own in owned)}
    assert unnamed(set().union(*map(taken_apart, parts(left)))) == unnamed(found)


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
