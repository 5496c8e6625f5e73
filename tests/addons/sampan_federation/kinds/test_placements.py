from __future__ import annotations

import pytest

from sampan.errors import Invalid
from sampan_federation.resources import PROPAGATION_POLICIES, RESOURCE_BINDINGS

SELECTORS = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}]
PLACEMENT = {
    "clusterAffinities": [
        {
            "affinityName": "first", "clusterNames": ["a"], "labelSelector": {"matchLabels": {"x": "y"}},
            "overflowAffinities": [{"affinityName": "more", "exclude": ["b"]}],
        }
    ],
    "clusterTolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}],
    "spreadConstraints": [{"spreadByField": "region", "minGroups": 1, "maxGroups": 2}],
    "replicaScheduling": {
        "replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
        "weightPreference": {"staticWeightList": [{"targetCluster": {"clusterNames": ["a"]}, "weight": 2}]},
    },
}  # fmt: skip


def test_a_placement_is_kept_whole_by_policies_and_bindings(create):
    reference = {"apiVersion": "v1", "kind": "A", "name": "a"}

    assert (
        create(PROPAGATION_POLICIES, {"resourceSelectors": SELECTORS, "placement": PLACEMENT})["placement"] == PLACEMENT
    )
    assert create(RESOURCE_BINDINGS, {"resource": reference, "placement": PLACEMENT})["placement"] == PLACEMENT


def test_failover_is_completed(create):
    state = {"rules": [{"aliasLabelName": "a", "jsonPath": "{.b}"}]}
    failover = {"application": {"decisionConditions": {}, "statePreservation": state}}
    found = create(PROPAGATION_POLICIES, {"resourceSelectors": SELECTORS, "failover": failover})["failover"][
        "application"
    ]

    assert found["purgeMode"] == "Gracefully"
    assert found["decisionConditions"] == {"tolerationSeconds": 300}
    assert found["statePreservation"] == state


def test_nonsense_is_refused(create):
    wrong = {"spreadConstraints": [{"spreadByField": "planet"}]}
    with pytest.raises(Invalid, match="spreadByField"):
        create(PROPAGATION_POLICIES, {"resourceSelectors": SELECTORS, "placement": wrong})


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({"affinity": {}}, "groupByLabelKey"),
        ({"affinity": {"groupByLabelKey": "a b"}}, "groupByLabelKey"),
        ({"affinity": {"groupByLabelKey": "a"}, "antiAffinity": {"groupByLabelKey": "a"}}, "must not use the same"),
    ],
)
def test_groups_of_workloads_are_named_by_two_labels(create, groups, words):
    fine = {"affinity": {"groupByLabelKey": "example.com/app"}, "antiAffinity": {"groupByLabelKey": "ha"}}
    policy = {"resourceSelectors": SELECTORS, "placement": {"workloadAffinity": fine}}

    assert create(PROPAGATION_POLICIES, policy)["placement"]["workloadAffinity"] == fine
    with pytest.raises(Invalid, match=words):
        create(PROPAGATION_POLICIES, {**policy, "placement": {"workloadAffinity": groups}})
