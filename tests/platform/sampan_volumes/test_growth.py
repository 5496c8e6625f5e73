import pytest

from sampan_volumes import growth

NOW = 1_700_000_000.0
MOMENT = "2023-11-14T22:13:20Z"


def claim(size="2Gi", status_size="1Gi", state=None, allocated=None, conditions=None):
    status = {"phase": "Bound", "capacity": {"storage": status_size}, "conditions": conditions}
    if state:
        status["allocatedResourceStatuses"] = {"storage": state}
    if allocated:
        status["allocatedResources"] = {"storage": allocated}
    return {
        "metadata": {"uid": "1"}, "spec": {"resources": {"requests": {"storage": size}}}, "status": status,
    }  # fmt: skip


VOLUME = {"spec": {"claimRef": {"uid": "1"}, "capacity": {"storage": "1Gi"}}}


@pytest.mark.parametrize(
    ("found", "due"),
    [
        (claim(), True),
        (claim("1Gi"), False),
        (claim("1024Mi"), False),
        (claim(state=growth.CONTROLLER_RUNS, allocated="2Gi"), True),  # a controller that was stopped goes on
        (claim(state=growth.CONTROLLER_INFEASIBLE, allocated="2Gi"), False),
        (claim("3Gi", state=growth.CONTROLLER_INFEASIBLE, allocated="2Gi"), True),
        (claim(state=growth.NODE_PENDING, allocated="2Gi"), False),
        (claim("3Gi", state=growth.NODE_PENDING, allocated="2Gi"), True),
        (claim(state=growth.NODE_INFEASIBLE, allocated="2Gi"), False),
    ],
)
def test_a_claim_is_the_controller_s_while_it_asks_for_more(found, due):
    assert growth.is_due_for_controller(found, VOLUME) is due


def test_a_claim_that_is_not_the_volume_s_is_left_alone():
    other = {"spec": {"claimRef": {"uid": "2"}}}

    assert not growth.is_due_for_controller(claim(), other)
    assert not growth.is_due_for_controller({**claim(), "status": {"phase": "Pending"}}, VOLUME)


def test_each_step_is_told_and_other_conditions_stay():
    other = {"type": "ModifyingVolume", "status": "True"}
    found = claim(conditions=[other])

    change = growth.controller_started(found, "2Gi", NOW)
    assert change["allocatedResources"] == {"storage": "2Gi"}
    assert change["allocatedResourceStatuses"] == {"storage": "ControllerResizeInProgress"}
    resizing = {"type": "Resizing", "status": "True", "lastProbeTime": None, "lastTransitionTime": MOMENT}
    assert change["conditions"] == [other, resizing]

    change = growth.node_is_next({**found, "status": {**found["status"], **change}}, NOW + 60)
    assert change["allocatedResourceStatuses"] == {"storage": "NodeResizePending"}
    assert [one["type"] for one in change["conditions"]] == ["ModifyingVolume", "FileSystemResizePending"]

    found = {**found, "status": {**found["status"], **change}}
    assert growth.node_started(found, NOW)["conditions"][1]["type"] == "Resizing"
    assert growth.finished(found, "2Gi") == {
        "capacity": {"storage": "2Gi"}, "allocatedResources": {"storage": "2Gi"}, "allocatedResourceStatuses": None,
        "conditions": [other],
    }  # fmt: skip


def test_a_failure_is_told_and_given_up_where_it_cannot_succeed():
    once = growth.failed(claim(), "busy", NOW, node=True, infeasible=False)
    assert "allocatedResourceStatuses" not in once
    assert once["conditions"][0] == {
        "type": "NodeResizeError", "status": "True", "lastProbeTime": None, "lastTransitionTime": MOMENT,
        "message": "busy",
    }  # fmt: skip

    ever = growth.failed(claim(), "too large", NOW, node=False, infeasible=True)
    assert ever["allocatedResourceStatuses"] == {"storage": "ControllerResizeInfeasible"}
    assert ever["conditions"][0]["type"] == "ControllerResizeError"


def test_a_condition_that_stays_keeps_its_time():
    told = [{"type": "NodeResizeError", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"}]

    change = growth.failed(claim(conditions=told), "still", NOW, node=True, infeasible=False)

    assert change["conditions"][0]["lastTransitionTime"] == "2020-01-01T00:00:00Z"
