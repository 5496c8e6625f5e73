"""The controllers on the real API server, in process: a small Pod kind stands in for the real one."""

import threading

import pytest

import sampan_config.plugin
import sampan_events.plugin
import sampan_workloads.plugin
from sampan.contracts.access import Decision, User
from sampan.contracts.kinds import Kind
from sampan.contracts.options import ClusterOptions
from sampan.errors import Invalid
from sampan.hookspecs import hookimpl
from sampan_client import Client
from sampan_client.events import Recorder
from sampan_client.informers import Informer
from sampan_machinery.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from sampan_memory.store import MemoryStore
from sampan_reconciler.main import gather
from sampan_reconciler.runtime import Runtime
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins

WAIT = 60


class Stand:
    @hookimpl
    def contribute_kinds(self):
        return [Kind(group="", version="v1", kind="Pod", plural="pods", status=True, generation=True)]

    @hookimpl
    def contribute_authorizers(self):
        return [self]

    name = "stand"

    def authorize(self, asked):
        return Decision.ALLOW, ""


class Watched:
    """An informer that one can wait on."""

    def __init__(self, client, resource):
        self._more = threading.Condition()
        self.informer = Informer(client, resource, on_change=self._changed)
        self.informer.start()
        assert self.informer.wait_synced(WAIT)

    def _changed(self, old, new):
        with self._more:
            self._more.notify_all()

    def until(self, happened):
        with self._more:
            assert self._more.wait_for(lambda: happened(self.informer.list()), WAIT), self.informer.list()
        return self.informer.list()


@pytest.fixture
def client():
    store = MemoryStore()
    stand = {"stand": Stand(), "workloads": sampan_workloads.plugin}
    extra = {**stand, "events": sampan_events.plugin, "config": sampan_config.plugin}
    plugins = Plugins(entry_points=[], extra=extra)
    app = new_app(plugins, store=store)
    client = Client.in_process(app.wsgi, User("admin", ("system:masters",)))
    recorder = Recorder(client, "test")
    runtime = Runtime(client, gather(plugins, options=ClusterOptions(), home=""), recorder=recorder)
    runtime.start()
    assert runtime.wait_synced(WAIT)
    yield client
    runtime.stop()
    recorder.close()
    app.close()
    store.close()


@pytest.fixture
def watched(client):
    started = []

    def start(resource):
        started.append(Watched(client, resource))
        return started[-1]

    yield start
    for each in started:
        each.informer.stop()


def deployment(**spec):
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "v1"}]}}
    whole = {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    metadata = {"name": "web", "namespace": "default"}
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": metadata, "spec": whole}


def test_a_deployment_gets_its_pods_and_lost_ones_are_replaced(client, watched):
    pods = watched(PODS)
    client.create(DEPLOYMENTS, deployment())
    first = pods.until(lambda found: len(found) == 3)

    lost = first[0]["metadata"]
    client.delete(PODS, lost["name"], "default", grace=0)

    left = pods.until(lambda found: len(found) == 3 and lost["uid"] not in {p["metadata"]["uid"] for p in found})
    labels = left[0]["metadata"]["labels"]
    assert labels["app"] == "web" and labels["pod-template-hash"] in left[0]["metadata"]["name"]


def test_the_new_template_takes_over_when_its_pods_are_ready(client, watched):
    sets, pods = watched(REPLICA_SETS), watched(PODS)
    client.create(DEPLOYMENTS, deployment(replicas=1))
    (first,) = pods.until(lambda found: len(found) == 1)
    _make_ready(client, first)
    sets.until(lambda found: [(one.get("status") or {}).get("availableReplicas") for one in found] == [1])

    change = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "v2"}]}}}}
    client.patch(DEPLOYMENTS, "web", change, "default")
    both = pods.until(lambda found: len(found) == 2)
    _make_ready(client, next(pod for pod in both if pod["spec"]["containers"][0]["image"] == "v2"))

    (last,) = pods.until(lambda found: len(found) == 1)
    assert last["spec"]["containers"][0]["image"] == "v2"


def test_scale_is_served_and_followed(client, watched):
    pods = watched(PODS)
    client.create(DEPLOYMENTS, deployment())
    pods.until(lambda found: len(found) == 3)

    client.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 1}}, "default", subresource="scale")

    pods.until(lambda found: len(found) == 1)
    assert client.get(DEPLOYMENTS, "web", "default", subresource="scale")["status"]["selector"] == "app=web"


def test_a_selector_that_does_not_match_is_refused(client):
    with pytest.raises(Invalid, match="`selector` does not match template `labels`"):
        client.create(DEPLOYMENTS, deployment(selector={"matchLabels": {"app": "other"}}))


def _make_ready(client, pod):
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    status = {"status": {"phase": "Running", "conditions": [ready]}}
    client.patch(PODS, pod["metadata"]["name"], status, "default", subresource="status")
