"""The component against a real API server in this process, and a filter that only records."""

from __future__ import annotations

import threading

import pytest

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan_machinery.resources import NETWORK_POLICIES, PODS
from sampan_networkpolicy import component
from sampan_networkpolicy.bootstrap import USER
from sampan_networkpolicy.guarding import GUARDS
from sampan_networkpolicy.plugin import Settings
from sampan_nftables.kernel import ScriptRefused
from sampan_runtime.contracts import Sandbox
from sampan_testing.cluster import start

OPTIONS = ClusterOptions(home_id="policytest", node_name="n1", pod_cidr="10.244.0.0/16")
POLICY = {"metadata": {"name": "deny", "namespace": "default"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}


class Recording:
    """A PolicyFilter that programs nothing."""

    def __init__(self):
        self.arrived = threading.Condition()
        self.applied, self.refusals = [], 0

    def __call__(self, kernel, table):
        self.table = table
        return self

    def apply(self, wanted):
        with self.arrived:
            if self.refusals:
                self.refusals -= 1
                raise ScriptRefused("busy")
            self.applied.append(wanted)
            self.arrived.notify_all()

    def forget(self):
        raise AssertionError("no one has removed a table")

    def gap(self):
        return ""

    def until(self, addresses):
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.applied and set(self.applied[-1].ingress) == addresses, 60)


@pytest.fixture
def cluster():
    with start() as found:
        yield found


@pytest.fixture
def filter(monkeypatch):
    found = Recording()
    monkeypatch.setattr(component, "open_kernel", object)
    monkeypatch.setattr(component, "PolicyFilter", found)
    monkeypatch.setattr(component, "AGAIN", 0.01)
    return found


@pytest.fixture
def running(cluster, filter, tmp_path):
    """Started when it is called; the texts of ready and failing."""
    stop, said = threading.Event(), []
    client = cluster.client_as(USER)  # what the role allows, and nothing else
    given = Running(client, Settings(), str(tmp_path), stop, OPTIONS, ready=said.append, failing=said.append)
    thread = threading.Thread(target=component.run, args=(given,))

    def begin():
        thread.start()
        with filter.arrived:
            assert filter.arrived.wait_for(lambda: filter.applied, 60)
        return said

    yield begin
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def make_pod(cluster, name, ip):
    spec = {"nodeName": "n1", "containers": [{"name": "c", "image": "i"}]}
    pod = cluster.client.create(PODS, {"metadata": {"name": name}, "spec": spec}, "default")
    status = {"status": {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}]}}
    cluster.client.patch(PODS, name, status, "default", subresource="status")
    return pod


def test_pods_are_watched_once_there_is_a_policy_and_rules_follow_both(cluster, filter, running):
    make_pod(cluster, "a", "10.244.0.1")
    running()
    assert filter.table == "sampan_policytest"
    assert filter.applied[-1].ingress == {}

    cluster.client.create(NETWORK_POLICIES, POLICY, "default")
    filter.until({"10.244.0.1"})
    make_pod(cluster, "b", "10.244.0.2")
    filter.until({"10.244.0.1", "10.244.0.2"})
    cluster.client.delete(NETWORK_POLICIES, "deny", "default")
    filter.until(set())


def test_a_pod_is_isolated_when_its_guard_returns(cluster, filter, running):
    cluster.client.create(NETWORK_POLICIES, POLICY, "default")
    running()
    spec = {"nodeName": "n1", "containers": [{"name": "c", "image": "i"}]}
    pod = cluster.client.create(PODS, {"metadata": {"name": "a"}, "spec": spec}, "default")

    box = Sandbox("s", "a", "default", pod["metadata"]["uid"], 0, True, "10.244.0.9", 1.0)
    GUARDS.of("policytest", 20).prepare(pod, box)
    assert set(filter.applied[-1].ingress) == {"10.244.0.9"}


def test_a_refusal_of_the_kernel_is_told_and_tried_again(cluster, filter, running):
    filter.refusals = 1
    said = running()
    assert "busy" in said[0]
    filter.until(set())
