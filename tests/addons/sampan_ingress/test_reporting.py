from __future__ import annotations

import threading
import time

import pytest

from sampan.contracts.access import User
from sampan_client import Client
from sampan_ingress.building import IngressWarning
from sampan_ingress.observed import key_of
from sampan_ingress.reporting import Reporter, entries, of_service
from sampan_machinery.resources import EVENTS, INGRESSES, LEASES, SERVICES
from sampan_testing.miniapi import MiniApi


@pytest.fixture
def api():
    return MiniApi([INGRESSES, SERVICES, EVENTS, LEASES])


def reached(what, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return what()


class Running:
    """A reporter at work."""

    def __init__(self, api, wanted):
        self.client = Client.in_process(api, User("ingress"))
        self.stop = threading.Event()

        def current(key):
            return api.get(INGRESSES, key.name, key.namespace)

        self.reporter = Reporter(self.client, "sampan-ingress", "me", current, lambda: wanted)

    def __enter__(self):
        self.reporter.start(self.stop)
        return self.reporter

    def __exit__(self, *failure):
        self.stop.set()
        self.reporter.close()
        self.client.close()


def address(api):
    return (api.get(INGRESSES, "web", "default").get("status") or {}).get("loadBalancer")


def said(api):
    return [(event["type"], event["reason"], event["message"]) for event in api.list(EVENTS)]


def test_the_elected_one_writes_addresses_and_complaints(api, made):
    web = api.create(INGRESSES, made.ingress("web"))
    complaint = IngressWarning(key_of(web), "Conflict", "somebody was first")

    with Running(api, entries(["10.0.0.1", "a.example.com"])) as reporter:
        reporter.report([web], [complaint])
        assert reached(lambda: address(api)) == {"ingress": [{"ip": "10.0.0.1"}, {"hostname": "a.example.com"}]}
        reached(lambda: len(said(api)) == 2)
        reporter.report([web], [complaint])

    assert sorted(said(api)) == [
        ("Normal", "Serving", "served at 10.0.0.1, a.example.com"), ("Warning", "Conflict", "somebody was first"),
    ]  # fmt: skip


def test_who_is_not_elected_writes_nothing(api, made):
    web = api.create(INGRESSES, made.ingress("web"))
    spec = {"holderIdentity": "other", "leaseDurationSeconds": 60, "renewTime": "2026-01-01T00:00:00.000000Z"}
    api.create(LEASES, {"metadata": {"name": "sampan-ingress", "namespace": "kube-system"}, "spec": spec})

    with Running(api, entries(["10.0.0.1"])) as reporter:
        reporter.report([web], [IngressWarning(key_of(web), "Conflict", "x")])
        reached(
            lambda: ("GET", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/sampan-ingress") in api.requests
        )

    assert address(api) is None
    assert said(api) == []


def test_addresses_of_a_service(api):
    client = Client.in_process(api, User("ingress"))
    api.create(SERVICES, {
        "metadata": {"name": "lb", "namespace": "n"}, "spec": {"externalIPs": ["10.0.0.9"]},
        "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}, {"hostname": "x.org"}]}},
    })  # fmt: skip

    assert of_service(client, "n", "lb") == [{"ip": "10.0.0.1"}, {"hostname": "x.org"}, {"ip": "10.0.0.9"}]
    api.create(SERVICES, {"metadata": {"name": "np", "namespace": "n"}, "spec": {"clusterIP": "10.96.0.9"}})
    pending = {"type": "LoadBalancer", "clusterIP": "10.96.0.9"}
    api.create(SERVICES, {"metadata": {"name": "wait", "namespace": "n"}, "spec": pending})
    assert of_service(client, "n", "np") == [{"ip": "10.96.0.9"}]
    assert of_service(client, "n", "wait") == of_service(client, "n", "gone") == []
    client.close()
