"""The agent after it, its runtime or the API was away: nothing is started twice, and status is told as it is."""

import copy
import shutil
import threading
import time

from sampan_exec.runtime import ExecRuntime
from sampan_machinery.resources import PODS
from sampan_node import agent
from sampan_node.pod.worker import Worker

PATIENCE = 60.0


class Listed:
    """An informer whose first list has come when it is started."""

    def __init__(self, api, on_change):
        self.api, self.on_change = api, on_change

    def start(self):
        for obj in self.api.list(PODS).items:
            self.on_change(None, copy.deepcopy(obj))

    def wait_synced(self, timeout):
        return True

    def stop(self):
        self.api = None


def _ready(cluster):
    return next(c["status"] for c in cluster.status()["conditions"] if c["type"] == "Ready")


def _call_lost(cluster):
    """As the node life cycle does with the pods of a node that it has not heard of."""
    condition = {"type": "Ready", "status": "False", "reason": "NodeNotReady"}
    cluster.api.patch(PODS, "web", {"status": {"conditions": [condition]}}, "default", how="strategic")


def _running(cluster):
    cluster.run("sleep 1000")
    cluster.api.until(lambda: _ready(cluster) == "True")
    worker = cluster.agent.find("default", "web")
    worker.join(PATIENCE)
    return worker


def test_a_pod_that_was_called_lost_while_the_watch_was_dead_is_ready_again_once_the_api_is_back(cluster):
    _running(cluster)
    cluster.api.listener = lambda old, new: None
    _call_lost(cluster)
    assert _ready(cluster) == "False"

    cluster.agent.look_again()

    cluster.api.until(lambda: _ready(cluster) == "True", "ready again")


def test_a_later_state_that_the_watch_tells_before_a_write_is_answered_is_not_forgotten(cluster, monkeypatch):
    worker = _running(cluster)
    patch, calls = cluster.api.patch, []

    def late(*given, **options):
        written = patch(*given, **options)
        calls.append(written)
        if len(calls) == 1:
            monkeypatch.setattr("sampan_node.pod.worker.DISPUTE", 0.05)
            patch(PODS, "web", {"status": {"conditions": [lost]}}, "default", how="strategic")
        return written

    lost = {"type": "Ready", "status": "False", "reason": "NodeNotReady"}
    monkeypatch.setattr(worker._host.client, "patch", late)
    patch(PODS, "web", {"status": {"conditions": [lost]}}, "default", how="strategic")

    cluster.api.until(lambda: len(calls) > 1 and _ready(cluster) == "True", "ready again")


def test_a_node_that_is_still_called_lost_is_contradicted_once_a_while(cluster):
    worker = _running(cluster)
    begun, writes = time.monotonic(), []

    def again(old, new):
        cluster.agent.changed(old, new)
        if new and any(c["type"] == "Ready" and c["status"] == "True" for c in new["status"]["conditions"]):
            writes.append(new)
            if len(writes) < 50:
                _call_lost(cluster)

    cluster.api.listener = again
    _call_lost(cluster)

    cluster.api.until(lambda: len(writes) > 1, "a second time")
    worker.join(PATIENCE)
    assert len(writes) <= 2 + time.monotonic() - begun


def test_a_restarted_agent_leaves_containers_alone(cluster):
    cluster.run("sleep 1000")
    before = cluster.api.until(lambda: cluster.state()["ready"] and cluster.state()["containerID"])

    cluster.restart()
    cluster.ask_to_go()
    cluster.api.until(lambda: not cluster.api.objects)

    ids = {s["containerStatuses"][0].get("containerID") for s in cluster.api.history if s.get("containerStatuses")}
    assert ids - {None} == {before}


def test_what_was_ready_before_a_restart_is_told_as_it_is_before_anything_is_started(cluster, monkeypatch):
    cluster.run("sleep 1000")
    before = cluster.api.until(lambda: cluster.state()["ready"] and cluster.state()["containerID"])
    cluster.agent.stop()
    for sandbox in cluster.host.runtime.sandboxes():  # as `sampan down` does: the API is not told
        cluster.host.runtime.remove_sandbox(sandbox.id)
    told = []
    run = ExecRuntime.run_sandbox
    monkeypatch.setattr(
        ExecRuntime, "run_sandbox", lambda *given: (told.append(copy.deepcopy(cluster.status())), run(*given))[1]
    )

    cluster.restart()
    cluster.api.until(lambda: cluster.state()["ready"] and cluster.state()["containerID"] != before)

    first = told[0]
    assert first["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert "containerID" not in first["containerStatuses"][0]
    assert {c["type"]: c["status"] for c in first["conditions"]}["Ready"] == "False"


def test_an_agent_has_started_when_every_pod_is_told_of_but_a_stuck_one_is_not_waited_for(cluster, monkeypatch, caplog):
    cluster.run("sleep 1000", name="good")
    cluster.run("sleep 1000", name="stuck")
    stuck = cluster.api.get(PODS, "stuck", "default")["metadata"]["uid"]
    cluster.api.until(lambda: cluster.state(name="good")["ready"] and cluster.state(name="stuck")["ready"])
    hold, see = threading.Event(), Worker.see
    monkeypatch.setattr(
        Worker, "see", lambda self: (self.pod["metadata"]["uid"] == stuck and hold.wait(), see(self))[1]
    )
    monkeypatch.setattr(agent, "TOLD_WITHIN", 0.2)
    wait_told = agent.Agent._wait_told

    def wait_told_after_the_good(self, workers):  # which may need longer than that on a slow machine
        for worker in workers:
            assert worker.pod["metadata"]["uid"] == stuck or worker.told.wait(PATIENCE)
        wait_told(self, workers)

    monkeypatch.setattr(agent.Agent, "_wait_told", wait_told_after_the_good)
    monkeypatch.setattr(agent, "Informer", lambda *_, on_change, **__: Listed(cluster.api, on_change))

    cluster.reopen()
    cluster.agent.start()

    told = {worker.pod["metadata"]["name"]: worker.told.is_set() for worker in cluster.agent.workers()}
    assert told == {"good": True, "stuck": False}
    assert "no status could be told within 0.2 s of pods/default/stuck" in caplog.text
    hold.set()
    assert all(worker.told.wait(PATIENCE) for worker in cluster.agent.workers())


def test_pods_that_the_api_has_no_more_are_removed(cluster):
    cluster.run("sleep 1000")
    cluster.api.until(lambda: cluster.state()["ready"])
    cluster.api.objects.clear()
    cluster.restart()

    cluster.agent.remove_orphans()

    for worker in cluster.agent.workers():
        assert worker.finished.wait(PATIENCE)
    assert cluster.host.runtime.sandboxes() == []


def test_a_pod_that_had_ended_does_not_run_again(cluster):
    pod = cluster.run("exit 0", restartPolicy="Never")
    cluster.api.until(lambda: cluster.status()["phase"] == "Succeeded")
    ended = copy.deepcopy(cluster.status()["containerStatuses"])
    for sandbox in cluster.host.runtime.sandboxes():
        cluster.host.runtime.remove_sandbox(sandbox.id)

    cluster.restart()

    worker = cluster.agent.worker(pod["metadata"]["uid"])
    worker.join(PATIENCE)
    assert cluster.host.runtime.containers() == []
    assert (cluster.status()["phase"], cluster.status()["containerStatuses"]) == ("Succeeded", ended)
    cluster.ask_to_go()
    cluster.api.until(lambda: not cluster.api.objects)


def test_a_container_left_without_its_sandbox_is_removed_too(cluster):
    cluster.run("sleep 1000")
    cluster.api.until(lambda: cluster.state()["ready"])
    sandbox = cluster.host.runtime.sandboxes()[0]
    shutil.rmtree(cluster.home / "exec" / "sandboxes" / sandbox.id)
    cluster.api.objects.clear()
    cluster.restart()

    cluster.agent.remove_orphans()

    for worker in cluster.agent.workers():
        assert worker.finished.wait(PATIENCE)
    assert cluster.host.runtime.containers() == []
