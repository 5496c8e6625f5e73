"""The comparison by boxes against the plain one: every rule taken apart, each part looked for in each owned rule."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from sampan_rbac.coverage import uncovered
from sampan_rbac.rules import Rule


def rule(verbs, groups, resources, names, paths):
    return Rule(frozenset(verbs), frozenset(groups), frozenset(resources), frozenset(names), tuple(paths))


def parts(made):
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


RULES = st.builds(
    rule,
    st.sets(st.sampled_from(["*", "get", "list", "watch"]), max_size=3),
    st.sets(st.sampled_from(["*", "", "apps"]), max_size=2),
    st.sets(st.sampled_from(["*", "pods", "pods/log", "*/log", "x/log"]), max_size=3),
    st.sets(st.sampled_from(["a", "b", ""]), max_size=2),
    st.lists(st.sampled_from(["*", "/a", "/a/*", "/a/b", "/a*", "/a**"]), max_size=2),
)


@settings(deadline=None)
@given(st.lists(RULES, max_size=4), st.lists(RULES, max_size=3))
def test_what_is_left_is_what_taking_the_rules_apart_leaves(owned, wanted):
    found = set().union(*map(parts, uncovered(owned, wanted)))

    assert found == {part for asked in wanted for part in parts(asked) if not any(allows(own, part) for own in owned)}
