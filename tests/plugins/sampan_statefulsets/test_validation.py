from __future__ import annotations

import pytest

from sampan_machinery.metadata import copy
from sampan_statefulsets.validation import validate


def told(new, old=None):
    return [f"{problem.path}: {problem.message}" for problem in validate(new, old)]


def strategy(**rolling):
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}


@pytest.mark.parametrize(
    "spec, why",
    [
        ({}, None),
        (
            {"podManagementPolicy": "Any"},
            "spec.podManagementPolicy: Invalid value: \"Any\": must be 'OrderedReady' or 'Parallel'",
        ),
        (
            {"updateStrategy": {"type": "Recreate"}},
            "spec.updateStrategy: Invalid value: {\"type\":\"Recreate\"}: must be 'RollingUpdate' or 'OnDelete'",
        ),
        (
            {"updateStrategy": {"type": "OnDelete", "rollingUpdate": {"partition": 1}}},
            'spec.updateStrategy.rollingUpdate: Invalid value: {"partition":1}: '
            "only allowed for updateStrategy 'RollingUpdate'",
        ),
        (
            strategy(partition=-1),
            "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0",
        ),
        (strategy(maxUnavailable=0), "spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0"),
        (
            strategy(maxUnavailable="0%"),
            'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "0%": cannot be 0',
        ),
        (strategy(maxUnavailable="50%"), None),
        (
            {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Keep"}},
            'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: '
            '"Retain", "Delete"',
        ),
        ({"replicas": -1}, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        ({"ordinals": {"start": -1}}, "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0"),
        ({"selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for statefulset"),
        (
            {"selector": {"matchLabels": {"app": "x"}}},
            'spec.template.metadata.labels: Invalid value: {"app":"db"}: `selector` does not match template `labels`',
        ),
        (
            {"volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": {"accessModes": ["ReadWriteOnce"]}}]},
            "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value",
        ),
    ],
)
def test_what_is_wrong_is_named(build, spec, why):
    assert told(build(**spec)) == ([] if why is None else [why])


def test_a_template_may_mount_what_the_claims_give(build):
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    obj = build(volumeClaimTemplates=[claim])
    obj["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]

    assert told(obj) == []


def test_most_of_the_spec_stays(build):
    old = build()
    new = copy(old)
    new["spec"].update(replicas=5, minReadySeconds=1, revisionHistoryLimit=2, ordinals={"start": 1})
    assert told(new, old) == []

    new["spec"]["serviceName"] = "other"
    (why,) = told(new, old)
    assert why.startswith("spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals'")


def test_a_status_is_judged_when_it_changes(build):
    old = build()
    new = {**copy(old), "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 2}}

    assert told(new, old) == [
        "status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas",
    ]
