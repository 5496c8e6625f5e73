"""The component on the real API server, in process."""

from __future__ import annotations

import logging
import threading

import pytest

import sampan_config.plugin
import sampan_events.plugin
import sampan_namespaces.plugin
import sampan_nodes.plugin
import sampan_pods.plugin
import sampan_scheduler.plugin
from sampan.contracts.access import Decision, User
from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_client import Client
from sampan_client.informers import Informer
from sampan_machinery.resources import NODES, PODS
from sampan_memory.store import MemoryStore
from sampan_scheduler import component
from sampan_scheduler.plugin import contribute_components
from sampan_scheduling.contracts import Verdict
from sampan_server.app import new_app
from sampan_server.plugins.asking import HooksOf
from sampan_server.plugins.plugins import Plugins

WAIT = 60


class Stand:
    """Allows everything; contributes a scheduling plugin."""

    name, weight = "stand", 1

    @hookimpl
    def contribute_authorizers(self):
        return [self]

    def authorize(self, asked):
        return Decision.ALLOW, ""

    @hookimpl
    def contribute_scheduling_plugins(self, context):
        return [self]

    def filter(self, state, pod, node):
        return Verdict("node(s) were forbidden") if node.name == "forbidden" else None


class Pods:
    """What an informer knows of pods, to wait on."""

    def __init__(self, client):
        self._more = threading.Condition()
        self._informer = Informer(client, PODS, on_change=self._changed)
        self._informer.start()
        assert self._informer.wait_synced(WAIT)

    def _changed(self, old, new):
        with self._more:
            self._more.notify_all()

    def until(self, name, happened):
        def now():
            pod = self._informer.get(name, "default")
            return pod is not None and happened(pod)

        with self._more:
            assert self._more.wait_for(now, WAIT), self._informer.get(name, "default")
        return self._informer.get(name, "default")

    def stop(self):
        self._informer.stop()


@pytest.fixture
def cluster(tmp_path):
    store = MemoryStore()
    parts = {
        "stand": Stand(), "events": sampan_events.plugin, "config": sampan_config.plugin, "pods": sampan_pods.plugin,
        "nodes": sampan_nodes.plugin, "namespaces": sampan_namespaces.plugin, "scheduler": sampan_scheduler.plugin,
    }  # fmt: skip
    plugins = Plugins(entry_points=[], extra=parts)
    app = new_app(plugins, store=store, options=ClusterOptions(pki=str(tmp_path)))
    client = Client.in_process(app.wsgi, User("admin", ("system:masters",)))
    yield plugins, client
    app.close()
    store.close()


@pytest.fixture
def start(cluster, tmp_path):
    plugins, client = cluster
    stop, ready = threading.Event(), threading.Event()
    options = ClusterOptions(node_name="here")
    hooks = HooksOf(plugins, contribute_components()[0].hooks, home=str(tmp_path), options=options)
    settings = plugins.settings_of("scheduler")
    running = Running(client, settings, str(tmp_path), stop, options, ready=lambda text: ready.set(), hooks=hooks)
    thread = threading.Thread(target=component.run, args=(running,))

    def begin():
        thread.start()
        assert ready.wait(WAIT)

    yield begin
    stop.set()
    thread.join(WAIT)
    assert not thread.is_alive()


def node(name):
    status = {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "10"}, "capacity": {"cpu": "2"}}
    return {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name}, "status": status}


def pod(name, cpu):
    container = {"name": "c", "image": "v1", "resources": {"requests": {"cpu": cpu}}}
    metadata = {"name": name, "namespace": "default"}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": {"containers": [container]}}


def condition(found):
    return next((c for c in found["status"].get("conditions") or () if c["type"] == "PodScheduled"), {})


def test_pods_are_bound_or_told_why_not_and_third_party_plugins_are_asked(cluster, start):
    _, client = cluster
    for name in ("n", "forbidden"):
        client.create(NODES, node(name))
        client.patch(NODES, name, {"spec": {"taints": None}})  # there is no node life cycle that takes it away
    client.create(PODS, pod("early", "1"))
    pods = Pods(client)
    try:
        start()
        early = pods.until("early", lambda found: found["spec"].get("nodeName"))
        assert (early["spec"]["nodeName"], condition(early)["status"]) == ("n", "True")

        client.create(PODS, pod("late", "2"))
        late = pods.until("late", lambda found: condition(found).get("reason") == "Unschedulable")
        assert condition(late)["observedGeneration"] == late["metadata"]["generation"] == 1
        said = condition(late)["message"]
        assert said.startswith("0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were forbidden. no new claims")

        client.delete(PODS, "early", "default", grace=0)
        pods.until("late", lambda found: found["spec"].get("nodeName") == "n")
    finally:
        pods.stop()


def test_work_that_fails_begins_again(start, monkeypatch, caplog):
    real, tries = component._work, []

    def failing_once(running, stop):
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("oh")
        real(running, stop)

    monkeypatch.setattr(component, "_work", failing_once)
    monkeypatch.setattr(component, "FIRST_PAUSE", 0.0)
    caplog.set_level(logging.ERROR)

    start()

    assert "scheduling failed and starts again" in caplog.text
