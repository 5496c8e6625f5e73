import pytest

from sampan_quota.scopes import claim_in_scope, has_deadline, in_no_scope, pod_in_scope, requirements_of


def pod(**spec):
    return {"spec": {"containers": [{"name": "c"}], **spec}}


def exists(scope):
    return {"scopeName": scope, "operator": "Exists"}


def wants(operator, *values, scope="PriorityClass"):
    return {"scopeName": scope, "operator": operator, "values": list(values)}


BURSTABLE = pod(containers=[{"name": "c", "resources": {"requests": {"cpu": "1"}}}])
ACROSS = pod(
    affinity={"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"namespaceSelector": {}}]}}
)
NEAR = pod(
    affinity={
        "podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"podAffinityTerm": {"namespaces": []}}]}
    }
)


@pytest.mark.parametrize(
    "scope, inside, outside",
    [
        ("Terminating", pod(activeDeadlineSeconds=0), pod()),
        ("NotTerminating", pod(), pod(activeDeadlineSeconds=5)),
        ("BestEffort", pod(), BURSTABLE),
        ("NotBestEffort", BURSTABLE, pod()),
        ("PriorityClass", pod(priorityClassName="high"), pod()),
        ("CrossNamespacePodAffinity", ACROSS, NEAR),
    ],
)
def test_scopes_of_pods(scope, inside, outside):
    assert pod_in_scope(exists(scope), inside)
    assert not pod_in_scope(exists(scope), outside)


@pytest.mark.parametrize(
    "requirement, of_high, of_none",
    [
        (wants("In", "high", "low"), True, False),
        (wants("In", "low"), False, False),
        (wants("NotIn", "high"), False, True),
        (wants("NotIn", "low"), True, True),
        (wants("DoesNotExist"), False, True),
    ],
)
def test_priority_classes_are_selected_as_labels_are(requirement, of_high, of_none):
    assert pod_in_scope(requirement, pod(priorityClassName="high")) is of_high
    assert pod_in_scope(requirement, pod()) is of_none


def test_a_claim_is_in_the_scope_of_each_class_that_it_names():
    claim = {"spec": {"volumeAttributesClassName": "gold"}, "status": {"currentVolumeAttributesClassName": "silver"}}
    scope = "VolumeAttributesClass"

    assert claim_in_scope(wants("In", "silver", scope=scope), claim)
    assert claim_in_scope(exists(scope), claim)
    assert not claim_in_scope(exists(scope), {"spec": {}})
    assert not claim_in_scope(exists("Terminating"), claim)


def test_scopes_and_expressions_are_all_required():
    quota = {"spec": {"scopes": ["BestEffort"], "scopeSelector": {"matchExpressions": [wants("In", "a")]}}}

    assert list(requirements_of(quota)) == [exists("BestEffort"), wants("In", "a")]
    assert not in_no_scope(exists("BestEffort"), {})


def test_a_deadline_of_zero_is_one():
    assert has_deadline(pod(activeDeadlineSeconds=0))
    assert not has_deadline(pod())
