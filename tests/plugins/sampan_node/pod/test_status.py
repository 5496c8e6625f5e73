import pytest

from sampan_node.pod.machine import PodMemory, RuntimeState, Waiting
from sampan_node.pod.resizing import Standing
from sampan_node.pod.status import changes, status_of, terminated
from sampan_runtime.contracts import Container, Sandbox

NOW = 1000.0
BOX = Sandbox("s", "web", "default", "u", 0, True, "10.0.0.1", 1.0)


def pod(*, init=(), policy="Always", status=None, deleted=False, **spec):
    meta = {"name": "web", "namespace": "default", "uid": "u", **({"deletionTimestamp": "x"} if deleted else {})}
    inits = [{"name": name, "image": "i"} for name in init]
    wanted = {"containers": [{"name": "a", "image": "i"}], "initContainers": inits, "restartPolicy": policy, **spec}
    return {"metadata": meta, "spec": wanted, "status": status or {}}


def run(name="a", state="running", *, attempt=0, code=0, finished=995.0):
    return Container(f"{name}{attempt}", "s", "u", name, attempt, state, "i", "sha", 900.0, 900.0, finished, code)


def told(wanted, *containers, box=BOX, memory=None, messages=None):
    return status_of(
        wanted, RuntimeState(box, containers), memory or PodMemory(), host_ip="192.0.2.1", runtime="docker", now=NOW,
        messages=messages or {},
    )  # fmt: skip


def working(*ids):
    return PodMemory(started=set(ids), ready=set(ids))


def conditions(status):
    return {each["type"]: (each["status"], each.get("reason", "")) for each in status["conditions"]}


def test_a_new_pod_is_pending_and_says_what_it_waits_for():
    status = told(pod(), box=None)

    assert status["phase"] == "Pending"
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert "podIP" not in status
    assert conditions(status)["PodReadyToStartContainers"] == ("False", "")


def test_a_running_pod_is_ready_when_its_containers_are():
    status = told(pod(), run(), memory=working("a0"))

    assert (status["phase"], status["podIP"]) == ("Running", "10.0.0.1")
    assert conditions(status)["Ready"] == ("True", "")
    assert status["containerStatuses"][0]["containerID"] == "docker://a0"
    assert conditions(told(pod(), run(), memory=PodMemory(started={"a0"})))["Ready"] == ("False", "ContainersNotReady")


def test_a_pod_on_the_hosts_network_has_its_address():
    assert told(pod(hostNetwork=True), run())["podIP"] == "192.0.2.1"


def test_init_containers_are_named_until_they_are_done():
    status = told(pod(init=["one", "two"]), run("one", "exited"), run("two"))
    initialized = next(each for each in status["conditions"] if each["type"] == "Initialized")

    assert initialized["message"] == "containers with incomplete status: [two]"
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "PodInitializing"}}


def test_a_crash_is_shown_with_its_back_off_and_the_run_before():
    status = told(pod(), run(state="exited", code=1, attempt=1))
    (container,) = status["containerStatuses"]

    assert container["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert "restarting failed container=a pod=web_default(u)" in container["state"]["waiting"]["message"]
    assert container["lastState"]["terminated"]["exitCode"] == 1
    assert (status["phase"], container["restartCount"]) == ("Running", 1)


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (1, "Failed")])
def test_a_pod_that_is_not_restarted_ends(code, phase):
    status = told(pod(policy="Never"), run(state="exited", code=code))

    assert status["phase"] == phase
    assert conditions(status)["Ready"][0] == "False"


def test_an_end_is_told_when_nothing_runs_any_more():
    wanted = pod(policy="Never", init=["side"])
    wanted["spec"]["initContainers"][0]["restartPolicy"] = "Always"
    memory = working("side0")

    assert told(wanted, run("side"), run(state="exited"), memory=memory)["phase"] == "Running"


def test_what_holds_a_container_up_is_told():
    memory = PodMemory(waiting={"a": Waiting("ErrImagePull", "no such image", NOW)})
    (container,) = told(pod(), memory=memory)["containerStatuses"]

    assert container["state"] == {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}


def test_the_agents_verdict_stays():
    memory = PodMemory(verdict=("Failed", "OutOfcpu", "too much"))
    status = told(pod(), memory=memory)

    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "OutOfcpu", "too much")


def test_a_readiness_gate_holds_the_pod_back():
    wanted = pod(readinessGates=[{"conditionType": "example.org/up"}])

    assert conditions(told(wanted, run(), memory=working("a0")))["Ready"] == ("False", "ReadinessGatesNotReady")
    wanted["status"] = {"conditions": [{"type": "example.org/up", "status": "True"}]}
    assert conditions(told(wanted, run(), memory=working("a0")))["Ready"] == ("True", "")


def test_a_message_left_by_the_container_is_told():
    assert terminated(run(state="exited", code=2), "docker", {"a0": "out of ideas"})["message"] == "out of ideas"


def test_only_what_differs_is_written_and_conditions_of_others_stay():
    known = {
        "phase": "Pending", "podIPs": [{"ip": "1"}],
        "conditions": [{"type": "Ready", "status": "False", "reason": "x"}, {"type": "other", "status": "True"}],
    }  # fmt: skip
    fresh = {
        "phase": "Running", "podIPs": [{"ip": "2"}],
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "other", "status": "True"}],
    }  # fmt: skip

    assert changes(known, fresh) == {
        "phase": "Running",
        "podIPs": [{"$patch": "replace"}, {"ip": "2"}],
        "conditions": [{"type": "Ready", "status": "True", "reason": None}],
    }
    assert changes(fresh, fresh) == {}


def test_a_resize_is_a_condition_while_it_waits_and_no_condition_afterwards():
    memory = working("a0")
    memory.resizing.pending = Standing("Deferred", "no room", 2)
    first = told(pod(), run(), memory=memory)
    memory.resizing.pending = None

    later = told(pod(status=first), run(), memory=memory)

    assert conditions(first)["PodResizePending"] == ("True", "Deferred")
    assert "PodResizePending" not in conditions(later)
    assert {"type": "PodResizePending", "$patch": "delete"} in changes(first, later)["conditions"]


def test_a_container_that_is_resized_shows_what_it_has_and_what_it_was_granted():
    memory = working("a0")
    memory.resizing.granted["a"] = {"requests": {"cpu": "2"}}
    memory.resizing.actual["a"] = {"requests": {"cpu": "1"}}
    wanted = pod(containers=[{"name": "a", "image": "i", "resources": {"requests": {"cpu": "3"}}}])

    found = told(wanted, run(), memory=memory)["containerStatuses"][0]

    assert (found["resources"], found["allocatedResources"]) == ({"requests": {"cpu": "1"}}, {"cpu": "2"})
