"""The real API server in process, with the kinds that pods live among."""

from __future__ import annotations

import pytest

from sampan.apiserver.app import new_app
from sampan.client import Client
from sampan.contracts.access import Decision, User
from sampan.contracts.kinds import Resource
from sampan.hookspecs import hookimpl
from sampan.plugins import Plugins
from sampan_memory.store import MemoryStore
from sampan_nodes import plugin as nodes
from sampan_pods import plugin as pods

PODS = Resource("", "v1", "pods", "Pod")


class Everybody:
    name = "everybody"

    def authorize(self, asked):
        return Decision.ALLOW, ""


class Open:
    @hookimpl
    def contribute_authorizers(self):
        return [Everybody()]


@pytest.fixture
def client(tmp_path):
    plugins = Plugins(entry_points=[], extra={"pods": pods, "nodes": nodes, "open": Open()})
    store = MemoryStore()
    app = new_app(plugins, store=store, options={"pki": str(tmp_path)})
    assert plugins.failures() == []
    yield Client.in_process(app.wsgi, User("admin", ("system:masters",)))
    app.close()
    store.close()


@pytest.fixture
def make(client):
    """A pod as stored."""

    def build(name="web", **spec):
        spec.setdefault("containers", [{"name": "main", "image": "busybox"}])
        return client.create(
            PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}, "default"
        )

    return build
