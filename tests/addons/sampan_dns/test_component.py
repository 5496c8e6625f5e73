"""The add-on as a component, against the smallest client there is."""

from __future__ import annotations

import socket
import threading

import pytest
from dnslib import DNSRecord
from prometheus_client import CollectorRegistry

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions, ManifestOptions
from sampan.errors import ConfigError
from sampan_dns import component, upstream
from sampan_dns.manifests import manifests
from sampan_dns.plugin import Settings
from sampan_testing.cluster import until

OPTIONS = ClusterOptions(
    cluster_domain="cluster.local", dns_ip="10.96.0.10", node_name="n", api_endpoint_ip="127.0.0.1",
)  # fmt: skip


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

    def get(self, name, namespace=""):
        return next((obj for obj in self.objects if obj["metadata"]["name"] == name), None)


class FakeClient:
    def __init__(self):
        spec = {"clusterIP": "10.96.0.7", "ports": []}
        self.objects = {"services": [{"metadata": {"name": "web", "namespace": "d"}, "spec": spec}]}
        self.changes = {}
        self.patched = []
        self.deleted = []

    def patch(self, resource, name, patch, namespace="", **more):
        self.patched.append((resource.plural, namespace, name, patch))
        return {"metadata": {"resourceVersion": "7"}}

    def delete(self, resource, name, namespace="", *, resource_version):
        self.deleted.append((resource.plural, namespace, name, resource_version))


class Run:
    """The component on a thread, and what it says."""

    def __init__(self, client, home, settings, options=OPTIONS):
        self.stop, self.said = threading.Event(), []
        self._more = threading.Condition()
        self.registry = CollectorRegistry()
        running = Running(
            client, settings, str(home), self.stop, options, self._hear("ready"), self._hear("failing"), self.registry
        )
        self.thread = threading.Thread(target=component.run, args=(running,))
        self.thread.start()

    def _hear(self, state):
        def hear(words):
            with self._more:
                self.said.append((state, words))
                self._more.notify_all()

        return hear

    def until(self, state, count=1):
        """The words with which that state was said for the ``count``-th time."""
        with self._more:
            assert self._more.wait_for(lambda: len(self._of(state)) >= count, 60), self.said
            return self._of(state)[count - 1]

    def _of(self, state):
        return [words for each, words in self.said if each == state]

    def end(self):
        self.stop.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


@pytest.fixture
def client():
    return FakeClient()


@pytest.fixture
def start(monkeypatch, tmp_path, client):
    monkeypatch.setattr(component, "Informer", Still)
    monkeypatch.setattr(component, "system_resolvers", list)
    made = []

    def begin(options=OPTIONS, **settings):
        made.append(Run(client, tmp_path, Settings(**settings), options))
        return made[-1]

    yield begin
    for run in made:
        run.end()


def ask(port, name="web.d.svc.cluster.local"):
    query = DNSRecord.question(name)
    return [str(rr.rdata) for rr in DNSRecord.parse(query.send("127.0.0.1", port, timeout=60)).rr]


def port_of(words):
    return int(words.partition("127.0.0.1:")[2].partition(")")[0].partition(";")[0])


def test_it_leads_its_service_to_itself_answers_and_takes_the_slice_along(start, client):
    run = start()
    words = run.until("ready")
    assert words.startswith("names of cluster.local are answered at 10.96.0.10 (127.0.0.1:")
    ((plural, namespace, name, slice_),) = client.patched
    assert (plural, namespace, name) == ("endpointslices", "kube-system", "kube-dns-n")
    port = slice_["ports"][0]["port"]

    assert ask(port) == ["10.96.0.7"]
    client.objects["services"][0]["spec"]["clusterIP"] = "10.96.0.8"
    client.changes["services"](None, None)
    assert ask(port) == ["10.96.0.8"]

    run.end()
    assert client.deleted == [("endpointslices", "kube-system", "kube-dns-n", "7")]


def test_a_service_at_another_address_than_pods_ask_is_said_until_it_is_made_again(start, client):
    dns = {"metadata": {"name": "kube-dns", "namespace": "kube-system"}, "spec": {"clusterIP": "10.96.77.7"}}
    client.objects["services"].append(dns)
    run = start()
    assert "pods ask 10.96.0.10, but the Service kube-dns has 10.96.77.7" in run.until("failing")

    dns["spec"]["clusterIP"] = "10.96.0.10"
    client.changes["services"](dns, dns)

    assert run.until("ready").startswith("names of cluster.local are answered at 10.96.0.10")


def test_nothing_is_published_where_the_service_finds_its_pods_itself(start, client):
    dns = {"metadata": {"name": "kube-dns", "namespace": "kube-system"}, "spec": {"selector": {"k8s-app": "kube-dns"}}}
    client.objects["services"].append(dns)

    assert "10.96.0.10" not in start().until("ready")
    assert "10.96.0.10" not in start(publish=False).until("ready")
    assert client.patched == []


def test_everywhere_is_no_address_to_be_told(start, client):
    start(address="0.0.0.0").until("ready")

    assert client.patched[0][3]["endpoints"][0]["addresses"] == ["127.0.0.1"]


def test_silent_resolvers_are_said_until_one_answers(start, monkeypatch):
    monkeypatch.setattr(upstream, "ANSWER_SECONDS", 0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        run = start(upstream=(place,))
        port = port_of(run.until("ready"))
        for number in range(upstream.DOUBT):
            ask(port, f"{number}.example.org")

        assert run.until("failing") == (
            f"no resolver answers for other names ({place}); choose others with plugins.dns.upstream"
        )

        monkeypatch.setattr(upstream, "ANSWER_SECONDS", 60)
        answers = threading.Thread(target=_answer_once, args=(silent,))
        answers.start()
        ask(port, "last.example.org")
        answers.join()
        run.until("ready", 2)


def test_behind_a_service_that_looks_at_readiness_the_clusters_names_stay(start, monkeypatch):
    monkeypatch.setattr(upstream, "ANSWER_SECONDS", 0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        run = start(publish=False, upstream=(f"127.0.0.1:{silent.getsockname()[1]}",))
        port = port_of(run.until("ready"))
        for number in range(upstream.DOUBT):
            ask(port, f"{number}.example.org")

        assert "; no resolver answers for other names (127.0.0.1:" in run.until("ready", 2)


def _answer_once(end):
    while True:
        data, client = end.recvfrom(4096)
        query = DNSRecord.parse(data)
        if str(query.q.qname) == "last.example.org.":
            end.sendto(query.reply().pack(), client)
            return


def test_a_taken_port_is_named_with_the_way_out(monkeypatch, tmp_path, client):
    monkeypatch.setattr(component, "Informer", Still)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = Running(client, Settings(port=port), str(tmp_path), threading.Event(), OPTIONS)

        with pytest.raises(ConfigError, match=rf"127.0.0.1:{port} cannot be listened on .*plugins.dns.port"):
            component.run(running)


def test_what_it_answers_is_counted(start):
    run = start()
    port = port_of(run.until("ready"))
    for _ in range(3):
        ask(port)
    ask(port, "nobody.d.svc.cluster.local")
    ask(port, "example.org")

    def value(name, **labels):
        return run.registry.get_sample_value(name, labels)

    def counted():
        codes = ("NOERROR", "NXDOMAIN", "SERVFAIL")
        return [value("sampan_dns_requests_total", protocol="udp", rcode=code) for code in codes]

    until(lambda: counted() == [3, 1, 1])  # an answer may be sent before it is counted
    until(lambda: value("sampan_dns_upstream_failures_total") == 1)
    assert value("sampan_dns_services") == 1
    run.end()
    assert value("sampan_dns_cache_hits_total") == 2
    assert value("sampan_dns_request_seconds_count") == 5


def test_its_service_has_the_address_that_pods_are_told():
    service = manifests(ManifestOptions(dns_ip="10.96.0.10"))[-1]
    assert service["spec"]["clusterIP"] == "10.96.0.10"
    assert {port["protocol"] for port in service["spec"]["ports"]} == {"UDP", "TCP"}


def test_on_a_cluster_without_such_a_service_the_cluster_chooses_its_address():
    assert "clusterIP" not in manifests(ManifestOptions(dns_ip=""))[-1]["spec"]
