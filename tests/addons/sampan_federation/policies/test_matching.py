from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from properties import proved

from sampan_federation.policies.matching import (
    ALL,
    LABELS,
    NAME,
    NOT,
    choose,
    closeness,
    reference_of,
    reserved,
    taken_by,
)


def thing(name: str = "web", namespace: str = "default", kind: str = "Deployment", taken=None, **labels: str):
    marks = {}
    if taken:
        keys = ("propagationpolicy.karmada.io/namespace", "propagationpolicy.karmada.io/name")
        marks = (
            dict(zip(keys, taken, strict=True)) if taken[0] else {"clusterpropagationpolicy.karmada.io/name": taken[1]}
        )
    return {
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": labels, "annotations": marks},
    }  # fmt: skip


def policy(called: str, *, namespace: str = "default", priority: int = 0, preemption: str = "Never", **select):
    selector = {"apiVersion": "apps/v1", "kind": "Deployment", **select}
    return {
        "metadata": {"name": called, **({"namespace": namespace} if namespace else {})},
        "spec": {"resourceSelectors": [selector], "priority": priority, "preemption": preemption},
    }


def chosen(obj, *policies):
    near = [each for each in policies if each["metadata"].get("namespace")]
    wide = [each for each in policies if not each["metadata"].get("namespace")]
    found = choose(obj, near, wide)
    return found and found["metadata"]["name"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, ALL),
        ({"name": "web"}, NAME),
        ({"name": "other"}, NOT),
        ({"labelSelector": {"matchLabels": {"a": "b"}}}, LABELS),
        ({"labelSelector": {"matchLabels": {"a": "c"}}}, NOT),
        ({"name": "web", "labelSelector": {"matchLabels": {"a": "c"}}}, NAME),  # with a name, labels are not looked at
        ({"namespace": "other"}, NOT),
        ({"kind": "StatefulSet"}, NOT),
        ({"apiVersion": "apps/v2"}, NOT),
        ({"labelSelector": {"matchExpressions": [{"key": "a", "operator": "Nonsense"}]}}, NOT),
    ],
)
def test_how_closely_a_selector_matches(selector, expected):
    assert closeness({"apiVersion": "apps/v1", "kind": "Deployment", **selector}, thing(a="b")) == expected


# Karmada's documentation of priorities, row by row.
def test_the_priority_decides_then_the_closest_then_the_name():
    by_label = policy("z", labelSelector={"matchLabels": {"a": "b"}})

    assert chosen(thing(a="b"), policy("a"), by_label) == "z"
    assert chosen(thing(a="b"), by_label, policy("b", name="web")) == "b"
    assert chosen(thing(a="b"), policy("b", name="web"), policy("low", priority=1)) == "low"
    assert chosen(thing(), policy("b"), policy("a")) == "a"


def test_a_policy_of_the_namespace_comes_before_one_of_the_cluster():
    assert chosen(thing(), policy("wide", namespace="", priority=9, name="web"), policy("near")) == "near"
    assert chosen(thing(), policy("elsewhere", namespace="other"), policy("wide", namespace="")) == "wide"
    assert chosen(thing(), policy("elsewhere", namespace="other")) is None


def test_who_has_an_object_keeps_it_until_it_is_preempted():
    held = thing(taken=("default", "first"))
    first = policy("first", priority=1)

    assert chosen(held, first, policy("better", priority=9)) == "first"
    assert chosen(held, first, policy("better", priority=9, preemption="Always")) == "better"
    assert chosen(held, first, policy("equal", priority=1, preemption="Always")) == "first"
    assert chosen(held, policy("other")) == "other"  # the first is gone
    wide = thing(taken=("", "wide"))
    assert chosen(wide, policy("wide", namespace="", priority=9), policy("near", preemption="Always")) == "near"
    assert chosen(held, first, policy("wide", namespace="", priority=9, preemption="Always")) == "first"


def test_what_belongs_to_the_system_is_left_alone():
    assert reserved(thing(namespace="kube-system"))
    assert reserved(thing(namespace="karmada-es-east"))
    assert reserved({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-public"}})
    assert reserved({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kubernetes", "namespace": "default"}})
    assert reserved({"apiVersion": "policy.karmada.io/v1alpha1", "kind": "OverridePolicy", "metadata": {"name": "a"}})
    assert not reserved(thing())


@proved
@given(
    some.lists(
        some.tuples(some.sampled_from("abcd"), some.integers(-3, 3), some.booleans()), unique_by=lambda each: each[0]
    )
)
def test_the_choice_is_stable_and_does_not_depend_on_the_order(made):
    policies = [
        policy(name, priority=number, preemption="Always" if always else "Never") for name, number, always in made
    ]
    first = choose(thing(), policies, [])
    assert choose(thing(), list(reversed(policies)), []) == first
    if first is not None:
        held = thing(taken=reference_of(first))
        assert taken_by(held) == reference_of(first)
        assert choose(held, policies, []) == first


def test_what_another_kind_has_claimed_has_no_policy():
    claimed = thing(**{"resourcetemplate.karmada.io/claimed-by": "MultiClusterService"})

    assert choose(thing(), [policy("a")], []) is not None
    assert choose(claimed, [policy("a")], []) is None
