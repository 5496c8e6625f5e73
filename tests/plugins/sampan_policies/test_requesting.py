"""Which policies match a request, and what their expressions see."""

import pytest

from sampan.errors import NotFound
from sampan_admission.criteria import Criteria
from sampan_machinery.resources import CONFIG_MAPS
from sampan_policies.active import Binding
from sampan_policies.requesting import Match, Requested, Trouble
from sampan_policies.validating import ValidatingPolicy


def test_a_policy_matches_once_for_each_binding(review, decide, bound):
    both = bound(ValidatingPolicy, Binding("a", None, None, ()), Binding("b", None, None, ()))

    found = list(Requested(review(), decide).matches(both))

    assert [(each.binding.name, each.resource) for each in found] == [("a", CONFIG_MAPS), ("b", CONFIG_MAPS)]


def test_rules_and_selectors_narrow(review, decide, bound):
    elsewhere = {"namespaceSelector": {"matchLabels": {"env": "prod"}}}
    narrow = Criteria.of_policy(elsewhere)

    assert not list(Requested(review(), decide).matches(bound(ValidatingPolicy, match=elsewhere)))
    assert not list(Requested(review(), decide).matches(bound(ValidatingPolicy, Binding("a", narrow, None, ()))))


def test_what_cannot_be_used_is_said(review, decide, bound):
    unknown = bound(ValidatingPolicy, paramKind={"apiVersion": "a/v1", "kind": "B"})
    missing = Binding("b", None, {"name": "a", "parameterNotFoundAction": "Deny"}, ())
    without = bound(ValidatingPolicy, missing, paramKind={"apiVersion": "v1", "kind": "ConfigMap"})

    (policy,) = Requested(review(), decide).matches(unknown)
    (binding,) = Requested(review(), decide).matches(without)

    assert policy == Trouble(
        None, "failed to configure policy: failed to find resource referenced by paramKind: 'a/v1, Kind=B'"
    )
    assert binding == Trouble(
        missing,
        "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
    )


def test_expressions_see_the_object_the_namespace_and_the_parameter(review, decide):
    made = review(data={"a": "b"})
    match = Match(Binding("b", None, None, ()), CONFIG_MAPS, {"metadata": {"name": "param"}})

    values = Requested(made, decide).values(match, made.object)

    assert values["object"]["data"] == {"a": "b"}
    assert values["params"]["metadata"]["name"] == "param"
    assert values["namespaceObject"]["metadata"] == {"name": "dev", "labels": {"env": "dev"}}
    assert values["request"]["userInfo"]["username"] == "joe"


def test_a_namespace_that_is_not_there_is_not_found(review, decide):
    requested = Requested(review(namespaces=()), decide)

    with pytest.raises(NotFound, match='namespaces "dev" not found'):
        requested.values(Match(Binding("b", None, None, ()), CONFIG_MAPS, None), {})


def test_authorizers_are_asked_each_question_once(review, decide, bound):
    may = "authorizer.requestResource.check('delete').allowed()"
    policy = bound(ValidatingPolicy, validations=[{"expression": f"{may} && {may}"}]).policy
    made = review()
    requested = Requested(made, decide)
    match = Match(Binding("b", None, None, ()), CONFIG_MAPS, None)

    assert not policy.evaluate(requested.values(match, made.object)).decisions[0].denies
    assert not policy.evaluate(requested.values(match, made.object)).decisions[0].denies
    assert [asked.verb for asked in decide.asked] == ["delete"]
