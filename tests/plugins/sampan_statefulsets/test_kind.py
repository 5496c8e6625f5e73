from __future__ import annotations

from sampan_statefulsets.kind import STATEFUL_SET, default


def test_defaults_are_those_of_upstream(build):
    spec = build()["spec"]

    assert spec["podManagementPolicy"] == "OrderedReady"
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert spec["revisionHistoryLimit"] == 10


def test_a_strategy_that_is_named_gets_no_rolling_update():
    obj = {"metadata": {}, "spec": {"updateStrategy": {"type": "RollingUpdate"}}}
    default(obj)

    assert obj["spec"]["updateStrategy"] == {"type": "RollingUpdate"}


def test_claims_get_their_defaults(build):
    obj = build(volumeClaimTemplates=[{"metadata": {"name": "data"}}])

    assert obj["spec"]["volumeClaimTemplates"] == [
        {
            "kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": {"name": "data"},
            "spec": {"volumeMode": "Filesystem"}, "status": {"phase": "Pending"},
        }
    ]  # fmt: skip


def test_the_columns_show_ready_of_wanted(build):
    obj = {**build(), "status": {"readyReplicas": 2}}

    assert [column.cell(obj) for column in STATEFUL_SET.columns[:2]] == ["db", "2/3"]


def test_what_is_advised(build):
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "0.5"}}}}
    obj = build(volumeClaimTemplates=[claim], revisionHistoryLimit=-1)

    assert list(STATEFUL_SET.warn(obj, None)) == [
        'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value "500m" is invalid, must be an '
        "integer",
        "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
    ]
