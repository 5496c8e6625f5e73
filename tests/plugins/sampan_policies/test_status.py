"""The status says what type checking has found, once for each generation."""

from __future__ import annotations

import pytest

from sampan_machinery.resources import VALIDATING_ADMISSION_POLICIES as POLICIES
from sampan_policies.status import applied, is_due
from sampan_testing.cluster import start


def policy(name, *validations, **spec):
    rules = [{"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"], "operations": ["CREATE"]}]
    return {
        "metadata": {"name": name},
        "spec": {"matchConstraints": {"resourceRules": rules}, "validations": list(validations), **spec},
    }


@pytest.fixture(scope="module")
def cluster():
    with start(only=("policies", "pods", "workloads")) as cluster:
        yield cluster


def checked(cluster, obj):
    cluster.client.create(POLICIES, obj)
    name = obj["metadata"]["name"]
    return cluster.until(lambda: "typeChecking" in (found := cluster.client.get(POLICIES, name))["status"] and found)


def test_a_policy_whose_types_fit_has_no_warnings(cluster):
    found = checked(cluster, policy("fits", {"expression": "object.spec.replicas > 1"}))

    assert found["status"] == {"observedGeneration": 1, "typeChecking": {}}
    assert [each["manager"] for each in found["metadata"]["managedFields"] if each.get("subresource") == "status"] == [
        "validatingadmissionpolicy-status"
    ]


def test_confused_types_are_warned_of(cluster):
    found = checked(cluster, policy("confused", {
        "expression": "object.spec.replicas > '1'",
        "messageExpression": "'wants replicas > 1, got ' + object.spec.replicas",
    }))  # fmt: skip

    first, second = found["status"]["typeChecking"]["expressionWarnings"]
    assert first["fieldRef"] == "spec.validations[0].expression"
    assert first["warning"] == (
        "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to "
        "'(int, string)'\n | object.spec.replicas > '1'\n | .....................^\n"
    )
    assert second["fieldRef"] == "spec.validations[0].messageExpression"
    assert "found no matching overload for '_+_' applied to '(string, int)'" in second["warning"]


def test_a_generation_is_checked_once():
    looked_at = {"metadata": {"name": "p", "generation": 2}, "status": {"observedGeneration": 2}}

    assert not is_due(looked_at)
    assert is_due({**looked_at, "status": {"observedGeneration": 1}})
    assert applied(looked_at, [])["status"] == {"observedGeneration": 2, "typeChecking": {}}
