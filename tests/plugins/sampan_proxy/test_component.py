"""The component against the smallest client there is."""

from __future__ import annotations

import threading

import pytest

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan_proxy import component
from sampan_proxy.wanted import Frontend

OPTIONS = ClusterOptions(service_cidr="127.96.0.0/16", pod_cidr="127.77.0.0/16", node_ip="127.0.0.1", node_name="n")


class Still:
    """An informer over given objects."""

    def __init__(self, client, resource, *, on_change, fields=""):
        self.objects = client.get(resource.plural, [])
        self.on_change = client[f"{resource.plural} changed"] = on_change

    def start(self):
        for one in self.objects:
            self.on_change(None, one)

    def stop(self):
        pass

    def wait_synced(self, timeout=30):
        return True

    def list(self, namespace=""):
        return self.objects


class Silent:
    def __init__(self, *_):
        self.events = []

    def event(self, about, type, reason, message):
        self.events.append((about["metadata"]["name"], reason))

    def close(self):
        pass


class Recording:
    def __init__(self):
        self.applied = []
        self.arrived = threading.Condition()
        self.closed = False

    def apply(self, wanted, changed=None):
        with self.arrived:
            self.applied.append(dict(wanted))
            self.arrived.notify_all()

    def close(self):
        self.closed = True


def service(port=80):
    spec = {"clusterIP": "127.96.0.5", "ports": [{"port": port, "nodePort": 30080}]}
    return {"metadata": {"name": "web", "namespace": "d"}, "spec": spec}


def test_it_applies_what_is_there_and_every_change(monkeypatch, tmp_path):
    backend, ready, stop = Recording(), threading.Event(), threading.Event()
    monkeypatch.setattr(component, "Informer", Still)
    monkeypatch.setattr(component, "Recorder", Silent)
    monkeypatch.setattr(component, "choose", lambda *_: backend)
    client = {"services": [service()], "endpointslices": []}
    running = Running(client, None, str(tmp_path), stop, OPTIONS, ready=lambda text: ready.set())
    thread = threading.Thread(target=component.run, args=(running,))
    thread.start()
    try:
        assert ready.wait(60)
        client["services changed"](service(), service(81))
        with backend.arrived:
            front = Frontend("127.96.0.5", "tcp", 81)
            assert backend.arrived.wait_for(lambda: front in backend.applied[-1], 60)
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert backend.closed


def test_loopback_addresses_are_forwarded_and_refusals_become_events():
    informer = Still({"services": [service()]}, component.SERVICES, on_change=None)
    recorder = Silent()
    backend = component.choose(OPTIONS, informer, recorder)
    try:
        backend._refused(Frontend("127.96.0.5", "tcp", 80), "Permission denied")
        backend._refused(Frontend("", "tcp", 30080), "Address already in use")
    finally:
        backend.close()
    assert recorder.events == [("web", "FailedToListen")] * 2


@pytest.mark.parametrize("cidr", ["127.96.0.0/16"])
def test_nothing_is_cleaned_where_nothing_was_left(cidr, monkeypatch):
    monkeypatch.setattr(component, "open_kernel", lambda: pytest.fail("the packet filter is none of our business"))
    component.cleanup("", ClusterOptions(service_cidr=cidr))


def test_clusters_with_the_same_service_addresses_have_tables_of_their_own():
    names = {component.table_name(ClusterOptions(home_id=home)) for home in ("1a", "2b")}

    assert names == {"sampan_1a", "sampan_2b"}
