from __future__ import annotations

import json
import threading
from types import SimpleNamespace

import pytest

from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Resource
from sampan.errors import AlreadyExists, NotFound
from sampan.supervisor import components
from sampan.supervisor.components import _keep_running, create_missing, resource_of

NODE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns", "namespace": "kube-system"}}


class Server:
    """Discovery, and what was created."""

    def __init__(self, taken=()):
        self.created: list[str] = []
        self.taken = taken

    def request(self, method, path):
        assert path == "/api/v1"
        entries = [{"name": name, "kind": "Service", "namespaced": True} for name in ("services/proxy", "services")]
        return SimpleNamespace(body=json.dumps({"resources": entries}).encode())

    def create(self, resource, manifest, namespace):
        if manifest["metadata"]["name"] in self.taken:
            raise AlreadyExists("it is there")
        self.created.append(f"{resource.plural}/{namespace}/{manifest['metadata']['name']}")

    def close(self):
        pass


def running(stop, **options):
    return Running(client=None, settings=None, home="", stop=stop, options=options)  # type: ignore[arg-type]  # not asked


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(components, "FIRST_PAUSE", 0.001)


def test_a_component_that_fails_or_ends_is_started_again(caplog):
    stop, runs = threading.Event(), []

    def run(given):
        runs.append(1)
        if len(runs) == 1:
            raise RuntimeError("oh")
        if len(runs) == 3:
            stop.set()

    _keep_running(Component(name="x", run=run, user="u"), running(stop))

    assert len(runs) == 3
    assert "x failed; starting it again" in caplog.text
    assert "x ended by itself" in caplog.text


def test_a_failure_while_stopping_is_no_failure(caplog):
    stop = threading.Event()

    def run(given):
        stop.set()
        raise RuntimeError("cut off")

    _keep_running(Component(name="x", run=run, user="u"), running(stop))

    assert caplog.text == ""


@pytest.mark.parametrize(("taken", "created"), [((), ["services/kube-system/dns"]), (("dns",), [])])
def test_what_a_component_ships_is_created_where_it_is_missing(monkeypatch, taken, created):
    server = Server(taken)
    monkeypatch.setattr(components.Client, "from_kubeconfig", lambda path, user_agent: server)
    component = Component(name="dns", run=print, user="u", manifests=lambda options: [NODE])

    create_missing(component, running(threading.Event(), kubeconfig="x"))

    assert server.created == created


def test_a_manifest_finds_its_collection():
    assert resource_of(Server(), NODE) == Resource("", "v1", "services", "Service", True)
    with pytest.raises(NotFound):
        resource_of(Server(), {"apiVersion": "v1", "kind": "Ghost"})
