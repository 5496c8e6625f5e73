from __future__ import annotations

import json
import os
import signal
import threading

import pytest

from sampan.contracts.access import User
from sampan.contracts.components import Component
from sampan.contracts.kinds import Resource
from sampan.contracts.options import ClusterOptions
from sampan_client import Client
from sampan_operate.supervisor import components, inquiry
from sampan_operate.supervisor.components import ComponentRunner, ProcessContext, run_components
from sampan_operate.supervisor.election import StopEvent
from sampan_operate.supervisor.health import ProcessHealth
from sampan_operate.supervisor.members import Member
from sampan_operate.supervisor.state import write_state
from sampan_server.plugins.plugins import Plugins
from sampan_testing.miniapi import MiniApi

CONFIGMAPS = Resource("", "v1", "configmaps", "ConfigMap")
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
ROLES = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")


@pytest.fixture
def api():
    return MiniApi([CONFIGMAPS, LEASES, ROLES, BINDINGS])


@pytest.fixture
def around(api, tmp_path):
    def connect(member=None):
        return Client.in_process(api, User("x"))

    return ProcessContext(tmp_path, "x", connect, connect)


@pytest.fixture
def run_component(around, monkeypatch):
    """Keeps a component until it sets ``stop``; what it said is on the health."""
    monkeypatch.setattr(components, "FIRST_PAUSE", 0.001)

    def start(run, **more):
        health, stop = ProcessHealth(["x"]), StopEvent()
        component = Component(name="x", run=lambda running: run(running, stop), user="u", **more)
        member = Member(component, "x", "7", addon=True)
        options = ClusterOptions(node_name="n")
        ComponentRunner(member, [member], Plugins(entry_points=[]), options, around, health, stop).run()
        return health

    return start


def test_a_component_that_fails_or_ends_is_started_again(run_component, caplog):
    runs = []

    def run(running, stop):
        runs.append(running.metrics)
        if len(runs) == 1:
            raise RuntimeError("oh")
        if len(runs) == 3:
            running.ready("at last")
            stop.set()

    health = run_component(run)

    assert len(set(runs)) == 3, "each run has figures of its own"
    assert "x failed; restarting it" in caplog.text
    assert "x ended by itself" in caplog.text
    said = health.states()["x"]
    assert (said.state, said.words, said.restarts) == ("ready", "at last", 2)


def test_a_failure_is_said_until_the_next_run(run_component):
    seen = []

    def run(running, stop):
        if not seen:
            seen.append(1)
            raise OSError("no port")
        stop.set()
        raise RuntimeError("cut off")

    assert run_component(run).states()["x"].restarts == 1


def test_a_failure_while_stopping_is_no_failure(run_component, caplog):
    def run(running, stop):
        stop.set()
        raise RuntimeError("cut off")

    run_component(run)

    assert caplog.text == ""


def test_what_a_component_ships_is_there_before_it_runs(run_component, api):
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "kube-system"}}
    seen = []

    def run(running, stop):
        seen.append(running.client.get(CONFIGMAPS, "c", "kube-system")["metadata"]["annotations"])
        stop.set()

    run_component(run, manifests=lambda options: [manifest])

    assert seen[0]["addons.sampan.dev/version"] == "7"


def test_an_elected_component_runs_while_it_holds_the_lease_and_gives_it_back(run_component, api):
    holders = []

    def run(running, stop):
        holders.append(api.get(LEASES, "sampan-x", "kube-system")["spec"]["holderIdentity"])
        stop.set()
        running.stop.wait()

    run_component(run, elected=True)

    assert holders == [f"n-{os.getpid()}"]
    assert api.get(LEASES, "sampan-x", "kube-system")["spec"]["holderIdentity"] == ""
    assert api.get(ROLES, "sampan:elect:x", "kube-system")["rules"][1]["resourceNames"] == ["sampan-x"]


def test_an_elected_component_that_fails_gives_its_lease_back_and_tries_again(run_component, api):
    runs = []

    def run(running, stop):
        runs.append(1)
        if len(runs) == 1:
            raise RuntimeError("oh")
        stop.set()

    assert run_component(run, elected=True).states()["x"].restarts == 1
    assert len(runs) == 2


def test_a_process_answers_on_its_socket_and_ends_on_a_signal(around, tmp_path):
    answers = []

    def run(running):
        from prometheus_client import Gauge

        Gauge("sampan_x_things", "Things.", registry=running.metrics).set(3)
        running.failing("it is not there")
        path = inquiry.socket_of(tmp_path, "x")
        answers.extend(inquiry.ask(path, page) for page in ("/livez", "/readyz", "/metrics", "/state", "/nowhere"))
        running.ready("it is there")
        answers.append(inquiry.ask(path, "/readyz?verbose"))
        os.kill(os.getpid(), signal.SIGTERM)
        running.stop.wait()

    others = set(threading.enumerate())  # of tests before this one
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        run_components(
            [Member(Component(name="x", run=run, user="u"))], Plugins(entry_points=[]), ClusterOptions(), around
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    live, unready, metrics, state, nowhere, ready = answers
    assert live == (200, b"ok")
    assert unready == (503, b"[-]x failing: it is not there\nreadyz check failed\n")
    assert metrics[0] == 200
    assert b"sampan_x_things 3.0" in metrics[1] and b"process_resident_memory_bytes" in metrics[1]
    assert b'sampan_component_ready{component="x"} 0.0' in metrics[1]
    assert json.loads(state[1])["components"]["x"]["words"] == "it is not there"
    assert nowhere[0] == 404
    assert ready == (200, b"[+]x ready: it is there\nreadyz check passed\n")
    assert not inquiry.socket_of(tmp_path, "x").exists()
    assert not [thread for thread in threading.enumerate() if thread.name == "x" and thread not in others]


def test_whether_the_supervisor_ends_is_waited_for_a_moment(tmp_path):
    write_state(tmp_path, os.getpid(), [], stopping=False)
    assert not components.is_ending(tmp_path, patience=0.0)

    says = threading.Timer(0.05, write_state, (tmp_path, os.getpid(), []), {"stopping": True})
    says.start()
    assert components.is_ending(tmp_path, patience=60.0)
    says.join()


def test_a_component_may_have_longer_to_end(around, monkeypatch):
    monkeypatch.setattr(components, "STOPPING", 0.0)
    component = Component(name="x", run=lambda running: running.stop.wait(), user="u", stop_seconds=lambda given: given)
    member = Member(component, "x", settings=60.0)
    health, stop = ProcessHealth(["x"]), StopEvent()
    runner = ComponentRunner(member, [member], Plugins(entry_points=[]), ClusterOptions(), around, health, stop)
    runner.start()

    stop.set()
    runner.wait()

    assert not [thread for thread in threading.enumerate() if thread is runner._thread]
