import pytest

from sampan_machinery.kindschema import schema_of
from sampan_machinery.tables import to_table
from sampan_quota.resourcequota import RESOURCE_QUOTA, warnings


def quota(hard=None, *, scopes=None, expressions=None, status=None):
    spec = {"hard": hard or {}}
    if scopes:
        spec["scopes"] = scopes
    if expressions:
        spec["scopeSelector"] = {"matchExpressions": expressions}
    found = {"metadata": {"name": "q", "namespace": "default"}, "spec": spec}
    return {**found, "status": status} if status else found


def problems(new, old=None):
    return [f"{each.path}: {each.message}" for each in schema_of(RESOURCE_QUOTA).check(new, old)]


def test_what_can_be_limited():
    good = {
        "cpu": "100", "requests.memory": "1Gi", "limits.ephemeral-storage": "1Gi", "pods": "10",
        "services.nodeports": "1",
        "count/deployments.apps": "5", "gold.storageclass.storage.k8s.io/requests.storage": "1Ti",
        "hugepages-2Mi": "4Mi", "requests.hugepages-2Mi": "4Mi", "requests.example.com/dongle": "3",
    }  # fmt: skip

    assert problems(quota(good)) == []


@pytest.mark.parametrize(
    "hard, wrong",
    [
        ({"storage": "1"}, 'Invalid value: "storage": must be a standard resource for quota'),
        ({"pods": "-1"}, 'Invalid value: "-1": must be greater than or equal to 0'),
        ({"pods": "1500m"}, 'Invalid value: "1500m": must be an integer'),
        ({"example.com/dongle": "500m"}, 'Invalid value: "500m": must be an integer'),
    ],
)
def test_what_cannot(hard, wrong):
    name = next(iter(hard))

    assert problems(quota(hard)) == [f"spec.hard[{name}]: {wrong}"]


def test_an_unknown_name_is_told_in_both_sentences_of_upstream():
    assert problems(quota({"dongles": "1"})) == [
        'spec.hard[dongles]: Invalid value: "dongles": must be a standard resource type or fully qualified',
        'spec.hard[dongles]: Invalid value: "dongles": must be a standard resource for quota',
    ]


@pytest.mark.parametrize(
    "scopes, hard, wrong",
    [
        (["Odd"], {}, "unsupported scope"),
        (["BestEffort"], {"cpu": "1"}, "unsupported scope applied to resource"),
        (["VolumeAttributesClass"], {"pods": "1"}, "unsupported scope applied to resource"),
        (["BestEffort", "NotBestEffort"], {"pods": "1"}, "conflicting scopes"),
        (["Terminating", "NotTerminating"], {"pods": "1"}, "conflicting scopes"),
    ],
)
def test_scopes_that_do_not_fit(scopes, hard, wrong):
    shown = "[" + ",".join(f'"{scope}"' for scope in scopes) + "]"

    assert problems(quota(hard, scopes=scopes)) == [f"spec.scopes: Invalid value: {shown}: {wrong}"]


@pytest.mark.parametrize(
    "expression, field, wrong",
    [
        (
            {"scopeName": "PriorityClass", "operator": "In"},
            ".values",
            "Required value: must be at least one value when",
        ),
        ({"scopeName": "PriorityClass", "operator": "Exists", "values": ["a"]}, ".values", "must be no value when"),
        ({"scopeName": "PriorityClass", "operator": "Odd"}, ".operator", "not a valid selector operator"),
        (
            {"scopeName": "Terminating", "operator": "DoesNotExist"},
            ".operator",
            "must be 'Exists' when scope is any of",
        ),
        ({"scopeName": "Odd", "operator": "Exists"}, ".scopeName", "unsupported scope"),
        ({"scopeName": "BestEffort", "operator": "Exists"}, "", "unsupported scope applied to resource"),
    ],
)
def test_scope_selectors_that_do_not_fit(expression, field, wrong):
    found = problems(quota({"cpu": "1"}, expressions=[expression]))

    assert len(found) == 1
    assert found[0].startswith(f"spec.scopeSelector.matchExpressions{field}: ")
    assert wrong in found[0]


def test_scopes_do_not_change():
    found = problems(quota({"pods": "1"}, scopes=["Terminating"]), quota({"pods": "1"}))

    assert found == ['spec.scopes: Invalid value: ["Terminating"]: field is immutable']


def test_the_columns_tell_use_and_limit():
    hard = {"pods": "5", "limits.cpu": "2", "cpu": "1"}
    obj = quota(status={"hard": hard, "used": {"pods": "3", "cpu": "500m"}})
    obj["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    table = to_table(RESOURCE_QUOTA.columns, [obj], now=1767225600)

    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Request", "Limit", "Age"]
    assert table["rows"][0]["cells"][:3] == ["q", "cpu: 500m/1, pods: 3/5", "limits.cpu: 0/2"]


def test_requests_above_limits_are_warned_of():
    assert list(warnings(quota({"requests.cpu": "2", "limits.cpu": "1", "memory": "1Gi", "limits.memory": "2Gi"}))) == [
        "ResourceQuota requests.cpu (2) should be less than limits.cpu (1)"
    ]


def test_a_deleted_quota_is_shown():
    assert RESOURCE_QUOTA.shown_deleted
