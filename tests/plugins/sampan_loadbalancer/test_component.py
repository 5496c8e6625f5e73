"""The component and the reconciler against a real API server in this process; nothing of the machine is touched."""

from __future__ import annotations

import threading

import pytest

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan_loadbalancer import component
from sampan_loadbalancer.bootstrap import USER
from sampan_loadbalancer.plugin import Settings
from sampan_machinery.resources import SERVICES
from sampan_testing.cluster import start

POOL = {"addresses": ["192.0.2.10-192.0.2.12"]}
OPTIONS = ClusterOptions(home_id="lbtest", node_name="node-1")


class Recording:
    """A Holding that holds nothing."""

    def __init__(self):
        self.arrived = threading.Condition()
        self.wanted, self.failures = None, 0
        self.repeats, self.again = True, threading.Event()

    def __call__(self, home, kernel, table, interface):
        return self

    def apply(self, wanted):
        with self.arrived:
            if self.failures:
                self.failures -= 1
                raise OSError(1, "not permitted")
            self.wanted = set(wanted)
            self.arrived.notify_all()

    def repeat(self):
        self.repeats = False
        self.again.set()

    def until(self, addresses):
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.wanted == addresses, 60), self.wanted


@pytest.fixture
def cluster():
    with start(settings={"loadbalancer": POOL}, nodes=1) as found:
        yield found


@pytest.fixture
def holding(cluster, monkeypatch, tmp_path):
    found, stop, said = Recording(), threading.Event(), []
    monkeypatch.setattr(component, "Holding", found)
    monkeypatch.setattr(component, "open_kernel", lambda: None)
    monkeypatch.setattr(component, "AGAIN", 0.01)
    monkeypatch.setattr(component, "REPEAT", 0.01)
    found.failures, found.said = 1, said
    settings = Settings(addresses=tuple(POOL["addresses"]))
    given = Running(
        cluster.client_as(USER), settings, str(tmp_path), stop, OPTIONS, ready=said.append, failing=said.append
    )
    thread = threading.Thread(target=component.run, args=(given,))
    thread.start()
    yield found
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def make(cluster, name):
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    cluster.client.create(SERVICES, {"metadata": {"name": name}, "spec": spec}, "default")


def test_a_service_gets_an_address_which_the_node_announces_until_it_goes(cluster, holding):
    make(cluster, "web")
    holding.until({"192.0.2.10"})
    assert "not permitted" in holding.said[0]
    given = cluster.client.get(SERVICES, "web", "default")["status"]["loadBalancer"]["ingress"]
    assert given == [{"ip": "192.0.2.10", "ipMode": "VIP"}]

    make(cluster, "db")
    holding.until({"192.0.2.10", "192.0.2.11"})
    cluster.client.delete(SERVICES, "web", "default")
    holding.until({"192.0.2.11"})
    assert holding.again.wait(60)


def test_without_a_pool_it_only_waits(tmp_path):
    stop, said = threading.Event(), []
    stop.set()
    component.run(Running(None, Settings(), str(tmp_path), stop, OPTIONS, ready=said.append))
    assert "no pool" in said[0]
