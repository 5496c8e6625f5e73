from types import SimpleNamespace

import pytest

from sampan_node.admission import PodAdmission
from sampan_node.pod.machine import PodMemory, RuntimeState
from sampan_node.pod.resizer import Resizer
from sampan_node.pod.resizing import remembered
from sampan_runtime.contracts import Container, Resources, RuntimeFailure, Usage

MIB = 1024 * 1024


def pod(cpu="100m", memory="64Mi", *, generation=1, uid="u", policy="NotRequired"):
    resources = {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu, "memory": memory}}
    policies = [{"resourceName": "cpu", "restartPolicy": policy}]
    container = {"name": "a", "resources": resources, "resizePolicy": policies}
    meta = {"name": "web", "namespace": "default", "uid": uid, "generation": generation}
    return {"metadata": meta, "spec": {"containers": [container]}}


class Runtime:
    name, limits = "fake", True

    def __init__(self):
        self.updates, self.used, self.failure = [], 0, ""

    def update_container(self, container_id, resources):
        if self.failure:
            raise RuntimeFailure("UpdateContainerError", self.failure)
        self.updates.append((container_id, resources))

    def usage(self):
        return [Usage("c", 0, self.used, 0.0)]


@pytest.fixture
def host():
    events = []
    return SimpleNamespace(
        runtime=Runtime(), admission=PodAdmission({"cpu": "1", "memory": "1Gi"}), events=events,
        tell=lambda pod, type, reason, message, **_: events.append(reason),
    )  # fmt: skip


@pytest.fixture
def memory():
    return PodMemory(resizing=remembered(pod()))


@pytest.fixture
def resizer(host, memory):
    host.admission.take(pod())
    return Resizer(host, memory)


def running(cpu=100, memory=64 * MIB, identifier="c"):
    applied = Resources(cpu, cpu, memory).kernel()
    one = Container(identifier, "s", "u", "a", 0, "running", "i", "i", 1.0, applied=applied)
    return RuntimeState(None, [one])


def test_a_running_container_gets_other_resources_and_runs_on(host, memory, resizer):
    resizer.look(pod("200m", generation=2))
    resizer.apply(pod("200m", generation=2), running())

    assert host.runtime.updates == [("c", Resources(200, 200, 64 * MIB))]
    assert (memory.resizing.pending, memory.resizing.progress) == (None, None)
    assert host.events == ["ResizeStarted", "ResizeCompleted"]


def test_nothing_is_told_to_the_runtime_where_nothing_changes(host, resizer):
    resizer.look(pod())
    resizer.apply(pod(), running())

    assert (host.runtime.updates, host.events) == ([], [])


def test_what_no_node_of_this_size_has_is_infeasible(host, memory, resizer):
    resizer.look(pod("2", generation=2))
    resizer.look(pod("2", generation=2))

    assert memory.resizing.pending[::2] == ("Infeasible", 2)
    assert memory.resizing.granted["a"]["limits"]["cpu"] == "100m"
    assert host.events == ["ResizeInfeasible"]


def test_what_other_pods_have_is_waited_for(host, memory, resizer):
    host.admission.take(pod("800m", uid="other"))
    resizer.look(pod("500m", generation=2))
    assert memory.resizing.pending.reason == "Deferred"
    woken = []
    host.admission.waits("u", lambda: woken.append(True))

    host.admission.release("other")

    assert woken == [True]
    resizer.look(pod("500m", generation=2))
    assert (memory.resizing.pending, memory.resizing.granted["a"]["limits"]["cpu"]) == (None, "500m")


def test_a_runtime_without_limits_cannot_resize(host, memory, resizer):
    host.runtime.limits = False
    resizer.look(pod("200m"))

    assert memory.resizing.pending.reason == "Infeasible"


def test_a_limit_below_what_is_used_is_refused_and_tried_again(host, memory, resizer):
    host.runtime.used = 50 * MIB
    resizer.look(pod(memory="32Mi"))

    assert resizer.apply(pod(memory="32Mi"), running()) > 0
    assert (memory.resizing.progress.reason, host.runtime.updates) == ("Error", [])
    assert host.events == ["ResizeStarted", "ResizeError"]


def test_the_status_shows_the_old_resources_until_the_runtime_has_the_new(host, memory, resizer):
    host.runtime.failure = "no"
    resizer.look(pod("200m"))
    resizer.apply(pod("200m"), running())

    assert memory.resizing.actual["a"]["limits"]["cpu"] == "100m"
    assert memory.resizing.progress.message == "no"


def test_a_container_whose_policy_says_so_is_ended_and_started_again(host, memory, resizer):
    wanted = pod("200m", policy="RestartContainer")
    resizer.look(wanted)
    resizer.apply(wanted, running())

    assert (memory.again, list(memory.doomed), host.runtime.updates) == ({"c"}, ["c"], [])
    assert memory.resizing.progress is not None

    resizer.apply(wanted, running(cpu=200, identifier="d"))

    assert memory.resizing.progress is None
