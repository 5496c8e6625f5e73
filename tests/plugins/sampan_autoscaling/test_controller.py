"""The shell on the real API server, in process; only the metrics are made up."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

import pytest

import sampan_autoscaling.plugin
import sampan_config.plugin
import sampan_workloads.plugin
from sampan.contracts.access import Decision, User
from sampan.contracts.kinds import Kind, Resource
from sampan.contracts.reconciling import Emit, Key, Patch, Requeue
from sampan.errors import Invalid, NotFound
from sampan.hookspecs import hookimpl
from sampan_autoscaling.controller import Controller
from sampan_autoscaling.settings import Settings
from sampan_client import Client
from sampan_machinery.metadata import get_condition
from sampan_machinery.resources import HORIZONTAL_POD_AUTOSCALERS as AUTOSCALERS
from sampan_machinery.resources import PODS
from sampan_memory.store import MemoryStore
from sampan_reconciler.perform import Performer
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins
from sampan_testing.shelves import Shelf

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
OLD = Resource("autoscaling", "v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
KEY = Key("default", "web")


class Stand:
    name = "stand"

    @hookimpl
    def contribute_kinds(self):
        return [Kind(group="", version="v1", kind="Pod", plural="pods", status=True)]

    @hookimpl
    def contribute_authorizers(self):
        return [self]

    def authorize(self, asked):
        return Decision.ALLOW, ""


class Metered:
    """A client whose metrics.k8s.io is ours."""

    def __init__(self, client):
        self._client = client
        self.usage = None  # a quantity for every pod

    def __getattr__(self, name):
        return getattr(self._client, name)

    def request(self, method, path, **more):
        if not path.startswith("/apis/metrics.k8s.io"):
            return self._client.request(method, path, **more)
        if self.usage is None:
            raise NotFound("the server could not find the requested resource")
        items = [
            {
                "metadata": {"name": pod["metadata"]["name"]},
                "timestamp": "2026-01-01T00:00:00Z",
                "window": "15s",
                "containers": [{"name": "c", "usage": {"cpu": self.usage}}],
            }
            for pod in self._client.list(PODS, "default").items
        ]
        return SimpleNamespace(body=json.dumps({"kind": "PodMetricsList", "items": items}).encode())


class Silent:
    def event(self, *args, **more):
        pass


@pytest.fixture
def client():
    store = MemoryStore()
    extra = {
        "stand": Stand(), "workloads": sampan_workloads.plugin, "autoscaling": sampan_autoscaling.plugin,
        "config": sampan_config.plugin,
    }  # fmt: skip
    plugins = Plugins(entry_points=[], extra=extra)
    app = new_app(plugins, store=store)
    yield Metered(Client.in_process(app.wsgi, User("admin", ("system:masters",))))
    app.close()
    store.close()


@pytest.fixture
def look(client):
    """One look at the autoscaler: what the runtime would do."""
    controller = Controller(Settings(sync_period=15))

    def once(now=None):
        objects = [
            (kind, obj) for kind in (AUTOSCALERS, PODS) for obj in client.list(kind, "default").items
        ]  # fmt: skip
        actions = list(controller.reconcile(KEY, client, Shelf(objects, now=now or time.time())))
        Performer(client, Silent()).perform(actions)
        return actions

    return once


def deployment(client, replicas=1):
    resources = {"requests": {"cpu": "100m"}}
    pod = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "x", "resources": resources}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": pod}
    metadata = {"name": "web", "namespace": "default"}
    client.create(DEPLOYMENTS, {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": metadata, "spec": spec})
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2025-12-31T00:00:00Z"}
    for number in range(replicas):
        body = {"kind": "Pod", "apiVersion": "v1", **pod, "metadata": {**pod["metadata"], "name": f"web-{number}"}}
        client.create(PODS, {**body, "metadata": {**body["metadata"], "namespace": "default"}})
        status = {"phase": "Running", "startTime": "2025-12-31T00:00:00Z", "conditions": [ready]}
        client.patch(PODS, f"web-{number}", {"status": status}, "default", subresource="status")


def autoscaler(client, **spec):
    reference = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}
    whole = {"scaleTargetRef": reference, "maxReplicas": 5, **spec}
    metadata = {"name": "web", "namespace": "default"}
    made = {"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "metadata": metadata, "spec": whole}
    return client.create(AUTOSCALERS, made)


def test_it_scales_through_the_scale_subresource_and_tells(client, look):
    deployment(client)
    autoscaler(client)
    client.usage = "240m"

    actions = look()

    assert client.get(DEPLOYMENTS, "web", "default")["spec"]["replicas"] == 3
    status = client.get(AUTOSCALERS, "web", "default")["status"]
    assert (status["currentReplicas"], status["desiredReplicas"], status["observedGeneration"]) == (1, 3, 0)
    assert [type(action) for action in actions] == [Emit, Patch, Requeue]
    assert actions[0].reason == "SuccessfulRescale"


def test_its_own_status_does_not_make_it_look_again(client, look):
    deployment(client)
    autoscaler(client)
    client.usage = "80m"
    now = time.time()
    look(now)

    (again,) = look(now + 1)

    assert isinstance(again, Requeue) and 13 < again.after < 15
    assert len(look(now + 15)) == 1  # nothing has changed
    client.patch(AUTOSCALERS, "web", {"spec": {"maxReplicas": 4}}, "default")
    (at_once,) = look(now + 16)  # another spec is looked at, at once
    assert isinstance(at_once, Requeue) and at_once.after == 15


def test_without_a_metrics_api_the_status_says_so(client, look):
    deployment(client)
    autoscaler(client)

    reasons = [action.reason for action in look() if isinstance(action, Emit)]

    assert reasons == ["FailedGetResourceMetric", "FailedComputeMetricsReplicas"]
    active = get_condition(client.get(AUTOSCALERS, "web", "default")["status"], "ScalingActive")
    assert "unable to fetch metrics from resource metrics API: the server could not find" in active["message"]


@pytest.mark.parametrize("reference, words", [
    ({"kind": "Nothing", "apiVersion": "apps/v1"}, 'no matches for kind "Nothing" in version "apps/v1"'),
    ({"kind": "Deployment", "apiVersion": "no.such/v1"}, 'no matches for kind "Deployment" in version "no.such/v1"'),
    ({"kind": "ControllerRevision", "apiVersion": "apps/v1"}, "the server could not find the requested resource"),
])  # fmt: skip
def test_a_target_that_cannot_be_scaled_is_named(client, look, reference, words):
    autoscaler(client, scaleTargetRef={"name": "web", **reference})

    look()

    able = get_condition(client.get(AUTOSCALERS, "web", "default")["status"], "AbleToScale")
    assert (able["status"], able["reason"]) == ("False", "FailedGetScale")
    assert words in able["message"]


def test_two_for_the_same_pods_do_nothing_but_say_so(client):
    deployment(client)
    autoscaler(client)
    client.create(
        AUTOSCALERS, {**client.get(AUTOSCALERS, "web", "default"), "metadata": {"name": "b", "namespace": "default"}}
    )
    client.usage = "500m"
    controller = Controller(Settings())
    observed = Shelf([(kind, obj) for kind in (AUTOSCALERS, PODS) for obj in client.list(kind, "default").items])

    controller.reconcile(KEY, client, observed)
    events = [a for a in controller.reconcile(Key("default", "b"), client, observed) if isinstance(a, Emit)]

    assert [event.reason for event in events] == ["AmbiguousSelector"]
    assert events[0].message == "pods by selector app=web are controlled by multiple HPAs: [b web]"


def test_v1_is_the_same_object(client):
    made = autoscaler(client, behavior={"scaleDown": {"selectPolicy": "Disabled"}})
    old = client.get(OLD, "web", "default")

    assert old["spec"]["targetCPUUtilizationPercentage"] == 80
    assert "behavior" in str(old["metadata"]["annotations"])
    client.update(OLD, {**old, "spec": {**old["spec"], "targetCPUUtilizationPercentage": 50}})
    now = client.get(AUTOSCALERS, "web", "default")
    assert now["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 50
    assert now["spec"]["behavior"] == made["spec"]["behavior"]
    assert "annotations" not in now["metadata"]


def test_the_server_refuses_what_makes_no_sense(client):
    with pytest.raises(Invalid, match="must be greater than or equal to `minReplicas`"):
        autoscaler(client, minReplicas=6)


def test_an_autoscaler_that_is_gone_is_forgotten(client, look):
    assert look() == []
