"""What a binding's actions make of denials."""

import json

import pytest

from sampan.errors import Forbidden, Invalid, TooLarge
from sampan_policies.active import Binding
from sampan_policies.denials import FAILURES, validate
from sampan_policies.validating import ValidatingPolicy


def binding(*actions, name="b", ref=None):
    return Binding(name, None, ref, actions)


@pytest.mark.parametrize(
    ("reason", "error"),
    [(None, Invalid), ("Invalid", Invalid), ("Forbidden", Forbidden), ("RequestEntityTooLarge", TooLarge)],
)
def test_a_denial_has_the_code_of_its_reason(review, decide, bound, reason, error):
    policy = bound(ValidatingPolicy, validations=[{"expression": "false", "message": "no", "reason": reason}])

    with pytest.raises(error) as caught:
        validate(review(), [policy], decide)

    assert caught.value.message == (
        "configmaps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"
    )
    assert caught.value.to_status()["details"]["kind"] == "configmaps"


def test_the_first_denial_counts(review, decide, bound):
    policies = [
        bound(ValidatingPolicy, name=name, validations=[{"expression": "false", "message": name}]) for name in "ab"
    ]

    with pytest.raises(Invalid, match="'a' with binding 'b' denied request: a"):
        validate(review(), policies, decide)


def test_warnings_and_audit_refuse_nothing(review, decide, bound):
    made = review()
    validations = [{"expression": "true"}, {"expression": "false", "message": "no"}]

    validate(made, [bound(ValidatingPolicy, binding("Warn", "Audit"), validations=validations)], decide)

    assert made.warnings == ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no"]
    assert json.loads(made.audit_annotations[FAILURES]) == [
        {"message": "no", "policy": "p", "binding": "b", "expressionIndex": 1, "validationActions": ["Warn", "Audit"]}
    ]


def test_annotations_of_several_bindings_are_joined(review, decide, bound):
    made = review(data={"a": "b"})
    annotations = [{"key": "seen", "valueExpression": "string(object.data.a)"}]
    both = bound(ValidatingPolicy, binding("Deny"), binding("Deny", name="c"), auditAnnotations=annotations)

    validate(made, [both], decide)

    assert made.audit_annotations == {"p/seen": "b"}


def test_an_annotation_that_fails_denies(review, decide, bound):
    policy = bound(ValidatingPolicy, auditAnnotations=[{"key": "a", "valueExpression": "string(object.data.a)"}])

    with pytest.raises(Invalid, match="no such key: data"):
        validate(review(), [policy], decide)


def test_trouble_denies_unless_failures_are_ignored(review, decide, bound):
    missing = binding("Deny", ref={"name": "a", "parameterNotFoundAction": "Deny"})
    spec = {"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}, "validations": [{"expression": "true"}]}

    validate(review(), [bound(ValidatingPolicy, missing, failurePolicy="Ignore", **spec)], decide)
    with pytest.raises(Invalid, match="with binding 'b' denied request: failed to configure binding: no params found"):
        validate(review(), [bound(ValidatingPolicy, missing, **spec)], decide)


def test_a_policy_that_cannot_be_used_is_named_without_a_binding(review, decide, bound):
    policy = bound(ValidatingPolicy, paramKind={"apiVersion": "a/v1", "kind": "B"})

    with pytest.raises(Invalid, match="ValidatingAdmissionPolicy 'p' denied request: failed to configure policy"):
        validate(review(), [policy], decide)
