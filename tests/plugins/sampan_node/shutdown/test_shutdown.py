import subprocess
from types import SimpleNamespace

import pytest

from sampan.errors import SampanError
from sampan_node.admission import PodAdmission
from sampan_node.shutdown.periods import ShutdownPeriod
from sampan_node.shutdown.shutdown import MESSAGE, NodeShutdown, machine_ends

PLANNED = (ShutdownPeriod(0, 20), ShutdownPeriod(2_000_000_000, 10))


class Machine:
    """Time that passes while a caller waits, and what happened when."""

    def __init__(self):
        self.now, self.ended = 0.0, []


class Worker:
    """A pod that ends so many seconds after it is asked to, ``failing`` looks later."""

    def __init__(self, machine, name, takes, *, priority=0, active=True, failing=0):
        self.machine, self.takes, self.active, self.failing = machine, takes, active, failing
        spec = {"priority": priority, "terminationGracePeriodSeconds": 15}
        self.pod = {"metadata": {"name": name, "uid": name}, "spec": spec}
        self.asked = None

    def is_active(self):
        return self.active

    def shut_down(self, reason, message, grace):
        assert (reason, message) == ("Terminated", MESSAGE)
        self.asked = self.machine.now
        self.machine.ended.append((self.machine.now, self.pod["metadata"]["name"], grace))

    def is_stopped(self):
        if self.failing:
            self.failing -= 1
            raise SampanError("the runtime is gone")
        return self.machine.now >= self.asked + self.takes

    def join(self, patience):
        self.machine.now = max(self.machine.now, min(self.machine.now + patience, self.asked + self.takes))

    def where(self):
        return self.pod["metadata"]["name"]


def shut_down(machine, *workers, tell=lambda problem: None):
    told = []
    events = SimpleNamespace(event=lambda about, type, reason, message: told.append((about["kind"], reason, message)))
    host = SimpleNamespace(name="n", admission=PodAdmission({}), events=events)
    agent = SimpleNamespace(host=host, workers=lambda: list(workers))

    def sleep(seconds):
        machine.now += seconds

    NodeShutdown(agent, PLANNED, tell=tell, clock=lambda: machine.now, sleep=sleep).run()

    assert told == [("Node", "NodeShutdown", "Shutdown manager detected shutdown event")]
    return host


def test_critical_pods_end_once_the_others_have():
    machine = Machine()
    workers = [Worker(machine, "dns", 1, priority=2_000_000_000), Worker(machine, "a", 3), Worker(machine, "b", 5)]

    shut_down(machine, *workers)

    assert machine.ended == [(0.0, "a", 15), (0.0, "b", 15), (5.0, "dns", 10)]
    assert machine.now == 6.0


def test_who_does_not_end_in_its_time_holds_nothing_up():
    machine = Machine()
    workers = [Worker(machine, "stuck", 1000), Worker(machine, "dns", 1, priority=2_000_000_000)]

    shut_down(machine, *workers)

    assert machine.ended[1] == (20.0, "dns", 10)


def test_what_has_ended_already_is_left_alone():
    machine = Machine()

    shut_down(machine, Worker(machine, "done", 1, active=False))

    assert machine.ended == []


def test_no_further_pod_is_taken():
    host = shut_down(Machine())

    refusal = host.admission.take({"metadata": {"uid": "x"}, "spec": {}})
    assert (refusal.reason, refusal.message) == ("NodeShutdown", "Pod was rejected as the node is shutting down.")


def test_a_runtime_that_does_not_answer_for_a_moment_is_asked_again():
    machine = Machine()

    shut_down(machine, Worker(machine, "a", 3, failing=2))

    assert 3.0 <= machine.now <= 4.0


def test_an_api_that_is_gone_keeps_no_pod_from_ending(caplog):
    machine = Machine()

    def tell(problem):
        assert problem == "node is shutting down"
        raise SampanError("gone")

    shut_down(machine, Worker(machine, "a", 3), tell=tell)

    assert machine.ended == [(0.0, "a", 15)]


@pytest.mark.parametrize(("state", "ends"), [("stopping\n", True), ("running\n", False), ("degraded\n", False)])
def test_where_systemd_runs_it_says_whether_the_machine_goes_down(tmp_path, state, ends):
    assert machine_ends(tmp_path, lambda command, **_: SimpleNamespace(stdout=state)) is ends


def test_without_systemd_the_signal_is_enough(tmp_path):
    assert machine_ends(tmp_path / "none")


@pytest.mark.parametrize("error", [FileNotFoundError("systemctl"), subprocess.TimeoutExpired("systemctl", 5.0)])
def test_pods_run_on_where_systemd_does_not_answer(tmp_path, error):
    def fail(command, **_):
        raise error

    assert not machine_ends(tmp_path, fail)
