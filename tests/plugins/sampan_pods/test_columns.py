from __future__ import annotations

import time

import pytest

from sampan_machinery.metadata import now_text
from sampan_pods.columns import COLUMNS, ready_text, restarts_text, status_text


def pod(*statuses, inits=(), spec=None, deleting=False, **status):
    names = [s["name"] for s in statuses]
    metadata = {"name": "web", **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleting else {})}
    return {
        "metadata": metadata,
        "spec": {"containers": [{"name": name} for name in names], **(spec or {})},
        "status": {"phase": "Running", "containerStatuses": list(statuses), "initContainerStatuses": inits, **status},
    }


def running(name="a", ready=True, **more):
    return {"name": name, "ready": ready, "state": {"running": {}}, **more}


def waiting(reason, name="a", **more):
    return {"name": name, "ready": False, "state": {"waiting": {"reason": reason}}, **more}


def ended(code=0, name="a", **more):
    return {"name": name, "ready": False, "state": {"terminated": {"exitCode": code, **more}}}


READY = [{"type": "Ready", "status": "True"}]
INITS = {"initContainers": [{"name": "i"}, {"name": "s", "restartPolicy": "Always"}]}


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ("Running", pod(running())),
        ("Pending", pod(phase="Pending")),
        ("Evicted", pod(phase="Failed", reason="Evicted")),
        ("CrashLoopBackOff", pod(running("a"), waiting("CrashLoopBackOff", "b"))),
        ("Completed", pod(ended(0, reason="Completed"))),
        ("ExitCode:3", pod(ended(3))),
        ("Signal:9", pod(ended(137, signal=9))),
        ("Running", pod(ended(0, "a", reason="Completed"), running("b"), conditions=READY)),
        ("NotReady", pod(ended(0, "a", reason="Completed"), running("b"))),
        ("Terminating", pod(running(), deleting=True)),
        ("Unknown", pod(running(), deleting=True, reason="NodeLost")),
        ("Completed", pod(ended(0, reason="Completed"), deleting=True, phase="Succeeded")),
        ("Init:0/2", pod(inits=[{"name": "i", "state": {"running": {}}}], spec=INITS)),
        ("Init:1/2", pod(inits=[ended(0, "i"), {"name": "s", "state": {"running": {}}}], spec=INITS)),
        ("Init:ErrImagePull", pod(inits=[waiting("ErrImagePull", "i")], spec=INITS)),
        ("Init:Error", pod(inits=[ended(1, "i", reason="Error")], spec=INITS)),
        ("Init:ExitCode:1", pod(inits=[ended(1, "i")], spec=INITS)),
        ("Running", pod(running(), inits=[ended(0, "i"), running("s", started=True)], spec=INITS)),
        (
            "SchedulingGated",
            pod(phase="Pending", conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]),
        ),
    ],
)
def test_the_status_word_says_what_matters_most(shown, found):
    assert status_text(found) == shown


def test_sidecars_count_among_the_ready_ones():
    sidecar = {"initContainers": [{"name": "s", "restartPolicy": "Always"}], "containers": [{"name": "a"}]}

    assert ready_text(pod(running(), inits=[running("s", started=True)], spec=sidecar)) == "2/2"
    assert ready_text(pod(running(ready=False), inits=[running("s", started=True)], spec=sidecar)) == "1/2"


def test_restarts_say_when_the_last_one_was():
    last = {"terminated": {"finishedAt": now_text(time.time() - 3 * 3600)}}

    assert restarts_text(pod(running(restartCount=0))) == "0"
    assert restarts_text(pod(running(restartCount=2))) == "2"
    assert restarts_text(pod(running(restartCount=2, lastState=last))) == "2 (3h ago)"


def test_init_containers_count_until_the_pod_is_initialized():
    held = pod(inits=[{**waiting("CrashLoopBackOff", "i"), "restartCount": 4}], spec=INITS)
    done = pod(running(restartCount=1), inits=[{**ended(0, "i"), "restartCount": 4}], spec=INITS)

    assert restarts_text(held) == "4"
    assert restarts_text(done) == "1"


def test_wide_columns_say_none_for_what_is_not_there():
    cells = {column.name: column.cell(pod(running())) for column in COLUMNS if column.priority}

    assert set(cells.values()) == {"<none>"}
    gated = pod(
        running(), spec={"readinessGates": [{"conditionType": "x"}, {"conditionType": "Ready"}]}, conditions=READY
    )
    assert next(c for c in COLUMNS if c.name == "Readiness Gates").cell(gated) == "1/2"
