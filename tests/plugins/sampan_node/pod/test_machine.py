import pytest

from sampan_node.pod.machine import (
    PodMemory,
    RemoveContainer,
    RemovePod,
    RuntimeState,
    StartContainer,
    StartSandbox,
    StopAll,
    StopContainer,
    Waiting,
    decide,
    delay,
)  # fmt: skip
from sampan_runtime.contracts import Container, Sandbox

NOW = 1000.0
BOX = Sandbox("s", "web", "default", "u", 0, True, "10.0.0.1", 1.0)


def pod(*names, policy="Always", init=(), deleted=False, **spec):
    containers = [{"name": name, "image": "i"} for name in names or ("a",)]
    meta = {"name": "web", "namespace": "default", "uid": "u", **({"deletionTimestamp": "x"} if deleted else {})}
    inits = [
        {"name": name, "image": "i", **({"restartPolicy": "Always"} if name.startswith("side") else {})}
        for name in init
    ]
    return {
        "metadata": meta,
        "spec": {"containers": containers, "initContainers": inits, "restartPolicy": policy, **spec},
    }


def run(name, state="running", *, attempt=0, code=0, started=900.0, finished=995.0, image="i"):
    identifier = f"{name}{attempt}"
    return Container(identifier, "s", "u", name, attempt, state, image, image, started, started, finished, code)


def started(plan):
    return [(action.container["name"], action.attempt) for action in plan.actions if isinstance(action, StartContainer)]


def test_a_new_pod_gets_a_sandbox_first():
    assert decide(pod(), RuntimeState(None, ()), PodMemory(), NOW).actions == [StartSandbox(0)]


def test_all_containers_start_together():
    assert started(decide(pod("a", "b"), RuntimeState(BOX, ()), PodMemory(), NOW)) == [("a", 0), ("b", 0)]


def test_what_runs_is_left_alone():
    assert decide(pod(), RuntimeState(BOX, [run("a")]), PodMemory(), NOW).actions == []


def test_init_containers_come_one_by_one():
    wanted = pod(init=("i1", "i2"))

    assert started(decide(wanted, RuntimeState(BOX, ()), PodMemory(), NOW)) == [("i1", 0)]
    assert started(decide(wanted, RuntimeState(BOX, [run("i1")]), PodMemory(), NOW)) == []
    assert started(decide(wanted, RuntimeState(BOX, [run("i1", "exited")]), PodMemory(), NOW)) == [("i2", 0)]
    done = [run("i1", "exited"), run("i2", "exited")]
    assert started(decide(wanted, RuntimeState(BOX, done), PodMemory(), NOW)) == [("a", 0)]


def test_main_containers_wait_until_a_sidecar_has_started():
    wanted, seen = pod(init=("side",)), RuntimeState(BOX, [run("side")])

    assert started(decide(wanted, seen, PodMemory(), NOW)) == []
    assert started(decide(wanted, seen, PodMemory(started={"side0"}), NOW)) == [("a", 0)]


def test_a_sidecar_that_ended_is_started_again_beside_the_others():
    seen = RuntimeState(BOX, [run("side", "exited"), run("a")])

    assert started(decide(pod(init=("side",)), seen, PodMemory(), NOW)) == [("side", 1)]


@pytest.mark.parametrize(
    ("policy", "code", "again"),
    [("Always", 0, True), ("OnFailure", 0, False), ("OnFailure", 1, True), ("Never", 1, False)],
)
def test_restart_policies(policy, code, again):
    plan = decide(pod(policy=policy), RuntimeState(BOX, [run("a", "exited", code=code)]), PodMemory(), NOW)

    assert bool(started(plan)) == again
    assert (StopAll() in plan.actions) != again


def test_restarts_back_off_and_the_plan_says_until_when():
    plan = decide(pod(), RuntimeState(BOX, [run("a", "exited", attempt=1, finished=995.0)]), PodMemory(), NOW)

    assert (plan.actions, plan.wake) == ([], 1005.0)
    assert [delay(run("a", "exited", attempt=n), PodMemory()) for n in (0, 1, 2, 3, 9)] == [0, 10, 20, 40, 300]


def test_a_long_run_begins_the_back_off_again():
    memory = PodMemory()

    plan = decide(pod(), RuntimeState(BOX, [run("a", "exited", attempt=7, started=100.0)]), memory, NOW)

    assert started(plan) == [("a", 8)]
    assert delay(run("a", "exited", attempt=9), memory) == 10


def test_what_could_not_start_waits_its_time():
    memory = PodMemory(waiting={"a": Waiting("ErrImagePull", "", 1010.0)})

    plan = decide(pod(), RuntimeState(BOX, ()), memory, NOW)

    assert (plan.actions, plan.wake) == ([], 1010.0)


def test_a_deleted_pod_is_stopped_and_vanishes():
    assert decide(pod(deleted=True), RuntimeState(BOX, [run("a")]), PodMemory(), NOW).actions == [
        StopAll(),
        RemovePod(),
    ]
    assert decide(pod(deleted=True), RuntimeState(None, ()), PodMemory(), NOW).actions == [RemovePod()]


def test_a_lost_sandbox_is_made_again():
    lost = BOX._replace(ready=False) if hasattr(BOX, "_replace") else Sandbox("s", "w", "d", "u", 3, False, "", 1.0)

    assert decide(pod(), RuntimeState(lost, [run("a", "exited")]), PodMemory(), NOW).actions == [StartSandbox(4)]


def test_a_pod_past_its_deadline_is_stopped_for_good():
    wanted = pod(activeDeadlineSeconds=5) | {"status": {"startTime": "1970-01-01T00:00:01Z"}}
    memory = PodMemory()

    assert decide(wanted, RuntimeState(BOX, [run("a")]), memory, NOW).actions == [StopAll()]
    assert memory.verdict[:2] == ("Failed", "DeadlineExceeded")


def test_a_container_that_failed_its_liveness_probe_is_stopped():
    plan = decide(pod(), RuntimeState(BOX, [run("a")]), PodMemory(doomed={"a0": "why"}), NOW)

    assert plan.actions == [StopContainer("a0", "a", "why")]


def test_a_new_image_restarts_the_container():
    plan = decide(pod(), RuntimeState(BOX, [run("a", image="older")]), PodMemory(), NOW)

    assert [type(action) for action in plan.actions] == [StopContainer]


def test_only_the_last_two_runs_are_kept():
    runs = [run("a", "exited", attempt=0), run("a", "exited", attempt=1), run("a", attempt=2)]

    assert decide(pod(), RuntimeState(BOX, runs), PodMemory(), NOW).actions == [RemoveContainer("a0")]


def test_what_was_ended_to_be_started_again_starts_at_once_whatever_its_policy():
    ended = run("a", "exited", finished=NOW)

    assert started(decide(pod(policy="OnFailure"), RuntimeState(BOX, [ended]), PodMemory(), NOW)) == []
    assert started(
        decide(pod(policy="OnFailure"), RuntimeState(BOX, [ended], frozenset({"a0"})), PodMemory(), NOW)
    ) == [("a", 1)]


def all_again(*names, policy="Never", init=()):
    """A pod whose container ``a`` restarts all when it ends with 42."""
    wanted = pod(*names, policy=policy, init=init)
    rule = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}
    wanted["spec"]["containers"][0] |= {"restartPolicy": "Never", "restartPolicyRules": [rule]}
    return wanted


def test_a_rule_that_restarts_all_ends_what_runs_and_begins_with_the_init_containers():
    wanted, memory = all_again("a", "b", init=("i",)), PodMemory()
    first, inits = run("a", "exited", code=42, finished=NOW), run("i", "exited")

    ending = decide(wanted, RuntimeState(BOX, [inits, first, run("b")]), memory, NOW)
    assert [action.id for action in ending.actions if isinstance(action, StopContainer)] == ["b0"]
    assert started(ending) == []

    killed = run("b", "exited", code=137)
    assert started(decide(wanted, RuntimeState(BOX, [inits, first, killed]), memory, NOW)) == [("i", 1)]

    again = run("i", "exited", attempt=1)
    assert started(decide(wanted, RuntimeState(BOX, [inits, again, first, killed]), memory, NOW)) == [
        ("a", 1),
        ("b", 1),
    ]
    seen = RuntimeState(BOX, [inits, again, first, killed, run("a", attempt=1), run("b", attempt=1)])
    assert started(decide(wanted, seen, memory, NOW)) == []


def test_another_exit_code_ends_the_container_alone():
    wanted, memory = all_again("a", "b"), PodMemory()

    plan = decide(wanted, RuntimeState(BOX, [run("a", "exited", code=1), run("b")]), memory, NOW)

    assert (plan.actions, memory.rounds) == ([], {})


def test_who_restarts_all_over_and_over_waits_longer_each_time():
    wanted, memory = all_again("a", "b"), PodMemory(rounds={"a": 1, "b": 1})
    seen = RuntimeState(BOX, [run("a", "exited", attempt=1, code=42, finished=NOW), run("b", "exited", attempt=1)])

    plan = decide(wanted, seen, memory, NOW)
    assert (started(plan), plan.wake) == ([], NOW + 10)
    assert started(decide(wanted, seen, memory, NOW + 10)) == [("a", 2), ("b", 2)]
