"""Policies change the object under review, and are asked again in the second round."""

import pytest

from sampan.errors import Forbidden
from sampan_policies.mutating import MutatingPolicy
from sampan_policies.mutations import DeniedByPolicy, mutate


@pytest.fixture
def policy(bound):
    def make(*expressions, name="p", **spec):
        mutations = [
            {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": each}} for each in expressions
        ]
        return bound(MutatingPolicy, name=name, mutations=mutations, **spec)

    return make


def adding(key):
    return f"Object{{data: {{'{key}': string(has(object.data) ? size(object.data) : 0)}}}}"


def test_mutations_run_in_order_each_on_what_the_last_one_made(review, decide, policy):
    made = review()
    obj = made.object

    mutate(made, [policy(adding("a"), adding("b")), policy(adding("c"), name="q")], decide)

    assert obj["data"] == {"a": "0", "b": "1", "c": "2"}


def test_in_the_second_round_only_those_that_want_it_and_had_a_say_are_asked(review, decide, policy):
    made = review()
    again = policy(adding("a"), name="again", reinvocationPolicy="IfNeeded")
    once = policy(adding("b"), name="once", reinvocationPolicy="Never")
    late = policy(
        adding("c"), name="late", reinvocationPolicy="IfNeeded",
        matchConditions=[{"name": "x", "expression": "has(object.metadata.labels)"}],
    )  # fmt: skip

    mutate(made, [again, once, late], decide)
    made.reinvoked = True
    mutate(made, [again, once, late], decide)

    assert made.object["data"] == {"a": "2", "b": "1"}


def test_a_failure_is_forbidden_with_the_reason_invalid(review, decide, policy):
    with pytest.raises(DeniedByPolicy) as caught:
        mutate(review(), [policy("Object{nothing: 1}")], decide)

    status = caught.value.to_status()
    assert (status["code"], status["reason"]) == (403, "Invalid")
    assert status["message"].startswith("policy 'p' with binding 'b' denied request: error applying patch: ")


def test_a_policy_that_cannot_be_used_is_forbidden(review, decide, policy):
    with pytest.raises(Forbidden) as caught:
        mutate(review(), [policy("Object{}", paramKind={"apiVersion": "a/v1", "kind": "B"})], decide)

    assert caught.value.message.startswith('policy "p" denied request: failed to configure policy')
    assert caught.value.to_status()["reason"] == "Forbidden"


def test_failures_that_are_ignored_change_nothing(review, decide, policy):
    made = review(data={"x": "y"})

    mutate(made, [policy("Object{nothing: 1}", failurePolicy="Ignore")], decide)

    assert made.object["data"] == {"x": "y"}


def test_a_request_without_an_object_is_left_alone(review, decide, policy):
    made = review()
    made.object = None

    mutate(made, [policy("Object{nothing: 1}")], decide)
