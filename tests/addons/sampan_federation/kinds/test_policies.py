from __future__ import annotations

import pytest

from sampan.errors import Invalid
from sampan_federation.resources import (
    CLUSTER_PROPAGATION_POLICIES,
    CLUSTER_TAINT_POLICIES,
    FEDERATED_RESOURCE_QUOTAS,
    OVERRIDE_POLICIES,
    PROPAGATION_POLICIES,
)

SELECTORS = [{"apiVersion": "apps/v1", "kind": "Deployment"}]


@pytest.mark.parametrize("resource", [PROPAGATION_POLICIES, CLUSTER_PROPAGATION_POLICIES])
def test_a_policy_is_completed(create, resource):
    found = create(resource, {"resourceSelectors": SELECTORS})

    assert (found["priority"], found["preemption"], found["conflictResolution"]) == (0, "Never", "Abort")
    with pytest.raises(Invalid, match="resourceSelectors"):
        create(resource, {"resourceSelectors": []})


def test_overrides_keep_any_value(create):
    plaintext = [
        {"path": "/a", "operator": "add", "value": {"x": [1, "y"]}},
        {"path": "/b", "operator": "replace", "value": 7},
    ]
    rules = [{"targetCluster": {"clusterNames": ["a"]}, "overriders": {"plaintext": plaintext}}]

    assert create(OVERRIDE_POLICIES, {"resourceSelectors": SELECTORS, "overrideRules": rules})["overrideRules"] == rules
    with pytest.raises(Invalid, match="operator"):
        create(OVERRIDE_POLICIES, {"overriders": {"plaintext": [{"path": "/a", "operator": "break"}]}})


def test_quotas_are_quantities(create):
    assert create(FEDERATED_RESOURCE_QUOTAS, {"overall": {"cpu": "10", "memory": 1024}})["overall"]["cpu"] == "10"
    with pytest.raises(Invalid, match="overall"):
        create(FEDERATED_RESOURCE_QUOTAS, {"overall": {"cpu": "many"}})


def test_a_taint_policy_has_each_taint_once(create):
    taint = {"key": "a", "effect": "NoExecute"}
    condition = {"conditionType": "Ready", "operator": "NotIn", "statusValues": ["True"]}
    spec = {"taints": [taint, {**taint, "effect": "NoSchedule", "value": "x"}], "addOnConditions": [condition]}

    assert create(CLUSTER_TAINT_POLICIES, spec) == spec
    for wrong, words in (({"taints": []}, "taints"), ({"taints": [taint, taint]}, "Duplicate")):
        with pytest.raises(Invalid, match=words):
            create(CLUSTER_TAINT_POLICIES, wrong)
