"""The probers of one pod: when they run, and what their results change."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sampan_node.pod import probing
from sampan_node.pod.handlers import HandlerResult
from sampan_node.pod.machine import PodMemory
from sampan_node.pod.probing import Probers

PROBE = {"exec": {"command": ["true"]}}
OK, FAILED = HandlerResult(True, ""), HandlerResult(False, "HTTP 500")


class FakeProber:
    made: list[FakeProber] = []

    def __init__(self, container, started, *, clock, pool, perform, on_result):
        self.container, self.on_result, self.calls = container, on_result, []
        FakeProber.made.append(self)

    def start(self):
        self.calls.append("start")

    def go_on(self):
        self.calls.append("go on")

    def stop(self):
        self.calls.append("stop")


@pytest.fixture
def made(monkeypatch):
    monkeypatch.setattr(probing, "Prober", FakeProber)
    FakeProber.made = []
    return FakeProber.made


@pytest.fixture
def told():
    return []


@pytest.fixture
def memory():
    return PodMemory()


@pytest.fixture
def probers(memory, told):
    host = SimpleNamespace(clock=None, pool=None)
    return Probers(
        host, memory, perform=None, changed=lambda: told.append("changed"),
        tell=lambda type, reason, message, *, container="": told.append((reason, container)),
    )  # fmt: skip


def pod(deleting=False, **probes):
    metadata = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleting else {}
    return {"metadata": metadata, "spec": {"containers": [{"name": "main", **probes}]}}


RUNNING = {"c1": SimpleNamespace(id="c1", name="main", started=0.0)}


def test_a_container_without_probes_has_started_and_is_ready(made, probers, memory):
    probers.follow(pod(), {}, RUNNING)

    assert "c1" in memory.started and "c1" in memory.ready
    assert made[0].calls == ["go on"]


def test_what_the_api_says_of_the_container_counts_after_a_restart_of_the_agent(made, probers, memory):
    known = {"containerStatuses": [{"containerID": "exec://c1", "started": True, "ready": True}]}
    probers.follow(pod(startupProbe=PROBE, readinessProbe=PROBE), known, RUNNING)

    assert "c1" in memory.started and "c1" in memory.ready


def test_a_startup_probe_comes_first(made, probers, memory):
    probers.follow(pod(startupProbe=PROBE, readinessProbe=PROBE), {}, RUNNING)

    assert made[0].calls == ["start"] and not memory.started and not memory.ready


def test_probers_of_ended_containers_stop_and_a_deleted_pod_gets_no_new_ones(made, probers, memory):
    probers.follow(pod(), {}, RUNNING)
    probers.follow(pod(), {}, {})
    assert made[0].calls[-1] == "stop" and not memory.ready

    probers.follow(pod(deleting=True), {}, RUNNING)
    assert len(made) == 1


def test_readiness_changes_are_told_one_time(made, probers, memory, told):
    probers.follow(pod(readinessProbe=PROBE), {}, RUNNING)
    result = made[0].on_result

    result("readiness", OK, True)
    result("readiness", OK, True)
    assert told == ["changed"] and "c1" in memory.ready

    result("readiness", FAILED, True)
    assert told == ["changed", ("Unhealthy", "main"), "changed"] and "c1" not in memory.ready


def test_a_failure_below_the_threshold_is_an_event_only(made, probers, memory, told):
    probers.follow(pod(livenessProbe=PROBE), {}, RUNNING)

    made[0].on_result("liveness", FAILED, False)
    assert told == [("Unhealthy", "main")] and not memory.doomed
    assert memory.probes["main", "liveness", False] == 1


def test_a_container_that_fails_its_liveness_probe_is_to_be_restarted(made, probers, memory, told):
    probers.follow(pod(livenessProbe=PROBE), {}, RUNNING)

    made[0].on_result("liveness", FAILED, True)
    assert memory.doomed == {"c1": "Container main failed liveness probe, will be restarted"}
    assert told[-1] == "changed"
