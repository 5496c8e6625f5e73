from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sampan_dashboard import health as module
from sampan_dashboard.health import Health, health

#: A slow machine is no failure.
CHANCE = settings(deadline=None, max_examples=50, database=None, suppress_health_check=[HealthCheck.too_slow])


def pod(phase="Running", *, ready=True, waiting="", ended=None, init=None, **more):
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    if ended is not None:
        state = {"terminated": {"exitCode": ended, "reason": "Error"}}
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    status = {"phase": phase, "conditions": conditions, "containerStatuses": [{"name": "main", "state": state}]}
    if init:
        status["initContainerStatuses"] = [{"name": "init", "state": {"waiting": {"reason": init}}}]
    return {"kind": "Pod", "metadata": {"name": "web"}, "status": {**status, **more}}


@pytest.mark.parametrize(
    ("obj", "found"),
    [
        (pod(), Health("good", "Running")),
        (pod(ready=False), Health("warn", "Not ready")),
        (pod(waiting="CrashLoopBackOff", ready=False), Health("bad", "CrashLoopBackOff")),
        (pod("Pending", waiting="ContainerCreating"), Health("warn", "ContainerCreating")),
        (pod("Pending", waiting="PodInitializing", init="ImagePullBackOff"), Health("bad", "ImagePullBackOff")),
        (pod("Succeeded"), Health("good", "Completed")),
        (pod("Failed", reason="Evicted"), Health("bad", "Evicted")),
        (pod("Failed", ended=1), Health("bad", "Error")),
        (
            {"kind": "Pod", "status": {"phase": "Pending", "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}},
            Health("bad", "Unschedulable"),
        ),
        ({"kind": "Pod", "metadata": {"deletionTimestamp": "now"}}, Health("warn", "Terminating")),
        ({"kind": "Pod"}, Health("warn", "Unknown")),
    ],
)  # fmt: skip
def test_a_pod_is_as_its_worst_container(obj, found):
    assert health(obj) == found


def deployment(have, want, progressing="True"):
    conditions = [{"type": "Progressing", "status": progressing}]
    return {
        "kind": "Deployment",
        "spec": {"replicas": want},
        "status": {"availableReplicas": have, "conditions": conditions},
    }


@pytest.mark.parametrize(
    ("obj", "tone"),
    [
        (deployment(2, 2), "good"),
        (deployment(1, 2), "warn"),
        (deployment(1, 2, "False"), "bad"),
        (deployment(0, 2), "bad"),
        (deployment(0, 0), ""),
        ({"kind": "DaemonSet", "status": {"desiredNumberScheduled": 2, "numberReady": 2}}, "good"),
        ({"kind": "StatefulSet"}, "bad"),
        ({"kind": "Job", "status": {"conditions": [{"type": "Failed", "status": "True"}]}}, "bad"),
        ({"kind": "Job", "status": {"conditions": [{"type": "Complete", "status": "True"}]}}, "good"),
        ({"kind": "Job", "spec": {"suspend": True}}, "warn"),
        ({"kind": "Node", "status": {"conditions": [{"type": "Ready", "status": "True"}]}}, "good"),
        ({"kind": "Node", "status": {"conditions": [
            {"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "True"}]}}, "warn"),
        ({"kind": "Node", "spec": {"unschedulable": True},
          "status": {"conditions": [{"type": "Ready", "status": "True"}]}}, "warn"),
        ({"kind": "Node", "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, "bad"),
        ({"kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}, "warn"),
        ({"kind": "PersistentVolumeClaim", "status": {"phase": "Lost"}}, "bad"),
        ({"kind": "Gizmo", "status": {"conditions": [{"type": "Ready", "status": "False"}]}}, "bad"),
        ({"kind": "Gizmo", "status": "well"}, ""),
        ({"kind": "ConfigMap"}, ""),
    ],
)  # fmt: skip
def test_each_kind_has_its_own_sign(obj, tone):
    assert health(obj).tone == tone


@CHANCE
@given(st.sampled_from(sorted(module.JUDGES)), st.sampled_from([None, {}, {"conditions": None}]))
def test_an_empty_status_is_judged(kind, status):
    assert health({"kind": kind, "metadata": {"name": "a"}, "status": status}).tone in ("good", "warn", "bad", "")
