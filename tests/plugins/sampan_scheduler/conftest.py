"""Builders of nodes and pods, a cluster to decide over, and a scheduler whose clock and writers the test holds."""

from __future__ import annotations

import copy
import random

import pytest

from sampan.contracts.kinds import Object
from sampan.errors import Conflict, NotFound
from sampan_scheduler.configuration.reading import usual
from sampan_scheduler.cycle import Cycle
from sampan_scheduler.nodes import Cluster
from sampan_scheduler.pods import PodInfo, read_pod
from sampan_scheduler.profiles import own_rules, profile_of
from sampan_scheduler.scheduler import Scheduler

ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


class Build:
    """Objects in few words."""

    zone, host = ZONE, HOST

    def node(self, name, *, zone="", labels=None, taints=(), cordoned=False, **amounts) -> Object:
        found = {HOST: name, **({ZONE: zone} if zone else {}), **(labels or {})}
        allocatable = {
            "cpu": "4",
            "memory": "8Gi",
            "pods": "110",
            **{k.replace("_", "/"): v for k, v in amounts.items()},
        }
        spec = {"taints": list(taints), "unschedulable": cordoned}
        return {"metadata": {"name": name, "labels": found}, "spec": spec, "status": {"allocatable": allocatable}}

    def pod(
        self, name, *, labels=None, on="", owner="", namespace="default", priority=0, ports=(), status=None, **spec
    ):
        requests = {k: spec.pop(k) for k in ("cpu", "memory", "example.com/gpu") if k in spec}
        metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "labels": labels or {}}
        if owner:
            metadata["ownerReferences"] = [{"uid": owner, "controller": True, "kind": "ReplicaSet", "name": owner}]
        container = {"name": "c", "resources": {"requests": requests}, "ports": list(ports)}
        whole = {"containers": [container], "schedulerName": "default-scheduler", "priority": priority, **spec}
        if on:
            whole["nodeName"] = on
        return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": whole, "status": status or {}}

    def term(self, labels, key=HOST, **more):
        return {"topologyKey": key, "labelSelector": {"matchLabels": labels}, **more}

    def near(self, *terms):
        return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}

    def apart(self, *terms):
        return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}

    def prefers(self, kind, weight, term):
        preferred = {"weight": weight, "podAffinityTerm": term}
        return {kind: {"preferredDuringSchedulingIgnoredDuringExecution": [preferred]}}

    def spread(self, labels, *, key=ZONE, skew=1, hard=True, **more):
        when = "DoNotSchedule" if hard else "ScheduleAnyway"
        selector = {"matchLabels": labels}
        return {"topologyKey": key, "maxSkew": skew, "whenUnsatisfiable": when, "labelSelector": selector, **more}


class Place:
    """A cluster and a cycle over it."""

    def __init__(self, *nodes, third_party=()):
        self.cluster = Cluster()
        self.cycle = Cycle(self.cluster, profile_of(own_rules()), third_party, random.Random(1))
        for node in nodes:
            self.cluster.set_node(node)

    def read(self, pod: Object) -> PodInfo:
        return read_pod(pod, lambda selector: frozenset({"other"}))

    def put(self, *pods):
        for pod in pods:
            self.cluster.add_pod(self.read(pod), pod["spec"]["nodeName"])
        return self

    def decide(self, pod):
        return self.cycle.decide(self.read(pod)).decision

    def node_of(self, pod):
        return self.decide(pod).node

    def why(self, pod):
        decision = self.decide(pod)
        assert not decision.node
        return decision.message()

    def explain(self, pod):
        return self.cycle.explain(self.read(pod))

    def add(self, pod):
        """Decide and assume; the node's name."""
        name = self.node_of(pod)
        if name:
            self.cluster.add_pod(self.read(pod), name)
        return name


class FakeApi:
    """A client that keeps pods and tells the scheduler of every change, as informers would."""

    def __init__(self):
        self.pods: dict[str, Object] = {}
        self.writes: list[tuple[str, str]] = []
        self.events: list[tuple[str, str, str]] = []
        self.refuse: Exception | None = None
        self.deaf = False  # whether the scheduler hears nothing
        self.lingering = False  # whether deleted pods stay, terminating
        self.tell = None

    def event(self, about, type, reason, message):
        self.events.append((about["metadata"]["name"], reason, message))

    def set(self, pod):
        old, self.pods[pod["metadata"]["name"]] = self.pods.get(pod["metadata"]["name"]), pod
        if not self.deaf:
            self.tell(old, pod)

    def end(self, name):
        self.tell(self.pods.pop(name), None)

    def create(self, resource, binding, namespace, *, subresource, name):
        self.writes.append(("bind", name))
        if self.refuse is not None:
            raise self.refuse
        pod = copy.deepcopy(self._present(name))
        if pod["spec"].get("nodeName"):
            raise Conflict("assigned already")
        pod["spec"]["nodeName"] = binding["target"]["name"]
        self.set(pod)

    def get(self, resource, name, namespace):
        return self._present(name)

    def patch(self, resource, name, patch, namespace, *, how, subresource):
        self.writes.append(("patch", name))
        pod = copy.deepcopy(self._present(name))
        pod["status"] = {**pod["status"], **patch["status"]}
        self.set(pod)

    def delete(self, resource, name, namespace, *, uid):
        self.writes.append(("delete", name))
        if self.lingering:
            pod = copy.deepcopy(self._present(name))
            pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
            self.set(pod)
        else:
            self.end(name)

    def _present(self, name):
        if name not in self.pods:
            raise NotFound(name)
        return self.pods[name]


class Simulated:
    """A scheduler driven by hand: ``run`` decides and writes until nothing is left to do at this time."""

    def __init__(self, third_party=(), configuration=None, extenders=None):
        self.now = 0.0
        self.budgets: list[Object] = []
        self.namespaces: set[str] = set()  # that match any selector
        self.api = FakeApi()
        self.scheduler = Scheduler(
            self.api, self.api, configuration=configuration or usual(["default-scheduler"]),
            namespaces=lambda _: frozenset(self.namespaces), budgets=lambda: self.budgets, third_party=third_party,
            extenders=extenders, clock=lambda: self.now,
        )  # fmt: skip
        self.api.tell = self.scheduler.pod_changed

    def nodes(self, *nodes):
        for node in nodes:
            self.scheduler.node_changed(None, node)

    def pods(self, *pods):
        for pod in pods:
            self.api.set(pod)

    def run(self, seconds=0.0):
        self.now += seconds
        tries = 0
        while self.scheduler.schedule_one():
            self.scheduler.binder.do_all()
            tries += 1
            assert tries < 1000, "the scheduler does not come to rest"
        self.scheduler.binder.do_all()

    def where(self, name):
        return self.api.pods[name]["spec"].get("nodeName", "")


@pytest.fixture
def build():
    return Build()


@pytest.fixture
def place():
    return Place


@pytest.fixture
def simulated():
    return Simulated
