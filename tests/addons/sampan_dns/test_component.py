"""The add-on as a component, against the smallest client there is."""

from __future__ import annotations

import threading

from dnslib import DNSRecord

from sampan.contracts.components import Running
from sampan_dns import component
from sampan_dns.manifests import manifests
from sampan_dns.plugin import Settings


class Still:
    """An informer over given objects."""

    def __init__(self, client, resource, *, on_change):
        self.objects = client.objects.get(resource.plural, [])
        client.changes[resource.plural] = on_change

    def start(self):
        pass

    stop = start

    def wait_synced(self, timeout=30):
        return True

    def list(self, namespace=""):
        return self.objects


class FakeClient:
    def __init__(self):
        spec = {"clusterIP": "10.96.0.7", "ports": []}
        self.objects = {"services": [{"metadata": {"name": "web", "namespace": "d"}, "spec": spec}]}
        self.changes = {}
        self.patched = []

    def patch(self, resource, name, patch, namespace="", **more):
        self.patched.append((resource.plural, namespace, name, patch))


def test_it_leads_its_service_to_itself_and_answers(monkeypatch, tmp_path):
    monkeypatch.setattr(component, "Informer", Still)
    client, stop, ready = FakeClient(), threading.Event(), threading.Event()
    options = {
        "cluster_domain": "cluster.local", "dns_ip": "10.96.0.10", "node_name": "n", "api_endpoint_ip": "127.0.0.1",
    }  # fmt: skip
    running = Running(client, Settings(), str(tmp_path), stop, options, ready=lambda text: ready.set())
    thread = threading.Thread(target=component.run, args=(running,))
    thread.start()
    try:
        assert ready.wait(10)
        ((plural, namespace, name, slice_),) = client.patched
        assert (plural, namespace, name) == ("endpointslices", "kube-system", "kube-dns-n")
        port = slice_["ports"][0]["port"]

        def ask():
            query = DNSRecord.question("web.d.svc.cluster.local")
            return [str(rr.rdata) for rr in DNSRecord.parse(query.send("127.0.0.1", port, timeout=5)).rr]

        assert ask() == ["10.96.0.7"]
        client.objects["services"][0]["spec"]["clusterIP"] = "10.96.0.8"
        client.changes["services"](None, None)
        assert ask() == ["10.96.0.8"]
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_where_a_service_selects_its_pods_it_leads_nothing_to_itself(monkeypatch, tmp_path):
    monkeypatch.setattr(component, "Informer", Still)
    client, stop, said = FakeClient(), threading.Event(), []
    options = {"cluster_domain": "cluster.local", "dns_ip": "", "node_name": "n", "api_endpoint_ip": "127.0.0.1"}

    def ready(text):
        said.append(text)
        stop.set()

    component.run(Running(client, Settings(endpoints=False), str(tmp_path), stop, options, ready=ready))

    assert client.patched == []
    assert said[0].startswith("names of cluster.local are answered at 127.0.0.1:")


def test_its_service_has_the_address_that_pods_are_told():
    service = manifests({"dns_ip": "10.96.0.10"})[-1]
    assert service["spec"]["clusterIP"] == "10.96.0.10"
    assert {port["protocol"] for port in service["spec"]["ports"]} == {"UDP", "TCP"}
