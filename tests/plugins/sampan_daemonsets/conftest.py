"""A simulated cluster with nodes and one DaemonSet ``agent`` whose pods a test makes ready."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Draft
from sampan.contracts.reconciling import Key
from sampan_daemonsets.decisions import Controller
from sampan_daemonsets.kind import default, prepare
from sampan_daemonsets.nodes import target_of
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS
from sampan_testing.simulation import World

KEY = Key("default", "agent")


def daemon_set(image="v1", pod=None, **spec):
    containers = [{"name": "c", "image": image}]
    template = {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": containers, **(pod or {})}}
    whole = {"selector": {"matchLabels": {"app": "agent"}}, "template": template, **spec}
    found = {"metadata": {"name": "agent", "namespace": "default"}, "spec": whole}
    default(found)
    prepare(Draft(found, None, "", "me"))
    return found


class Simulated:
    """The world, and the few things that these tests do to it."""

    def __init__(self, nodes=2, pod=None, **spec):
        self.world = World()
        self.decide = Controller().decide
        for number in range(nodes):
            self.add_node(f"n{number}")
        made = daemon_set(pod=pod, **spec)
        prepare(Draft(made, None, "", ""))
        self.world.create(DAEMON_SETS, made)

    def add_node(self, name, labels=None, taints=()):
        self.world.create(NODES, {"metadata": {"name": name, "labels": labels or {}}, "spec": {"taints": list(taints)}})

    def change_node(self, name, labels=None, taints=()):
        node = self.world.get(NODES, name)
        metadata = {**node["metadata"], "labels": labels or {}}
        self.world.update(NODES, {**node, "metadata": metadata, "spec": {"taints": list(taints)}})

    def step(self):
        """One decision; new pods are on their node then."""
        error = self.world.decide(self, KEY)
        for pod in self.world.list(PODS):
            if "status" not in pod:
                placed = self.world.update(PODS, {**pod, "spec": {**pod["spec"], "nodeName": target_of(pod)}})
                self.world.update(PODS, {**placed, "status": {"phase": "Pending"}}, "status")
        return error

    def ready(self, *pods, value="True", phase="Running"):
        condition = {"type": "Ready", "status": value, "lastTransitionTime": now_text(self.world.now)}
        for pod in pods:
            fresh = self.world.get(PODS, pod["metadata"]["name"], "default")
            self.world.update(PODS, {**fresh, "status": {"phase": phase, "conditions": [condition]}}, "status")

    def pending(self):
        return [pod for pod in self.pods() if pod["status"]["phase"] == "Pending"]

    def settle(self):
        """Until nothing changes, with every pod ready as soon as it is there."""
        for _ in range(50):
            before = self.state()
            self.step()
            self.ready(*self.pending())
            if self.state() == before:
                return
        raise AssertionError("it never comes to rest")

    def state(self):
        return self.world._revision, [pod["metadata"]["uid"] for pod in self.world.list(PODS)]

    def change(self, image=None, **spec):
        owner = self.owner()
        whole = {**owner["spec"], **spec}
        if image:
            whole["template"] = daemon_set(image)["spec"]["template"]
        changed = {**owner, "metadata": dict(owner["metadata"]), "spec": whole}
        prepare(Draft(changed, owner, "", ""))
        self.world.update(DAEMON_SETS, changed)

    def owner(self):
        return self.world.get(DAEMON_SETS, "agent", "default")

    def status(self):
        return self.owner()["status"]

    def pods(self):
        return sorted(self.world.list(PODS), key=target_of)

    def images(self):
        """(node, image) of each pod."""
        return [(target_of(pod), pod["spec"]["containers"][0]["image"]) for pod in self.pods()]

    def nodes(self):
        return [target_of(pod) for pod in self.pods()]

    def revisions(self):
        return {each["metadata"]["name"]: each["revision"] for each in self.world.list(CONTROLLER_REVISIONS)}


@pytest.fixture
def simulated():
    """Makes the cluster; the arguments are fields of the DaemonSet's spec."""
    return Simulated


@pytest.fixture
def build():
    """Makes a DaemonSet with its defaults."""
    return daemon_set
