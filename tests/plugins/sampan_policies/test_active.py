"""The policies that are bound, read again when one has changed."""

import pytest

from sampan_machinery.resources import DEPLOYMENTS, PODS
from sampan_machinery.resources import VALIDATING_ADMISSION_POLICIES as POLICIES
from sampan_machinery.resources import VALIDATING_ADMISSION_POLICY_BINDINGS as BINDINGS
from sampan_policies.active import ActivePolicies
from sampan_policies.validating import ValidatingPolicy
from sampan_testing.shelves import Shelf


def policy(name, plural="pods", group="", generation=1):
    rule = {"apiGroups": [group], "apiVersions": ["v1"], "resources": [plural], "operations": ["CREATE"]}
    return {
        "metadata": {"name": name, "uid": name, "generation": generation},
        "spec": {"matchConstraints": {"resourceRules": [rule]}},
    }


def binding(name, policy):
    return {"metadata": {"name": name}, "spec": {"policyName": policy, "validationActions": ["Deny"]}}


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def active(shelf):
    return ActivePolicies(shelf, POLICIES, BINDINGS, ValidatingPolicy)


def names(active):
    return [(bound.policy.name, [each.name for each in bound.bindings]) for bound in active.all()]


def test_only_policies_with_bindings_count_in_the_order_of_their_names(shelf, active):
    for name in ("b", "a", "unbound"):
        shelf.put(POLICIES, policy(name))
    for name, of in (("2", "a"), ("1", "a"), ("3", "b"), ("4", "nothing")):
        shelf.put(BINDINGS, binding(name, of))

    assert names(active) == [("a", ["1", "2"]), ("b", ["3"])]


def test_a_change_is_seen_and_what_has_not_changed_stays_compiled(shelf, active):
    shelf.put(POLICIES, policy("a"))
    shelf.put(BINDINGS, binding("1", "a"))
    before = active.all()[0].policy

    shelf.put(BINDINGS, binding("2", "a"))
    same = active.all()[0].policy
    shelf.put(POLICIES, policy("a", generation=2))

    assert same is before
    assert active.all()[0].policy is not before


def test_it_concerns_what_a_bound_policy_names(shelf, active):
    assert not active.concerns([PODS], "", "CREATE")
    shelf.put(POLICIES, policy("a"))
    shelf.put(BINDINGS, binding("1", "a"))

    assert active.concerns([PODS], "", "CREATE")
    assert not active.concerns([PODS], "", "DELETE")
    assert not active.concerns([PODS], "status", "CREATE")
    assert not active.concerns([DEPLOYMENTS], "", "CREATE")


def test_policies_themselves_are_exempt(shelf, active):
    shelf.put(POLICIES, policy("a", "*", "*"))
    shelf.put(BINDINGS, binding("1", "a"))

    assert not active.concerns([POLICIES], "", "CREATE")
