"""Builders for these tests: a simulated cluster with one StatefulSet ``db`` whose pods a test makes ready."""

from __future__ import annotations

import pytest

from sampan.contracts.reconciling import Key
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import CONTROLLER_REVISIONS, PODS, STATEFUL_SETS
from sampan_statefulsets.decisions import decide
from sampan_statefulsets.kind import default
from sampan_testing.simulation import World

KEY = Key("default", "db")


def stateful_set(image="v1", **spec):
    template = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": image}]}}
    whole = {"replicas": 3, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}}, "template": template}
    found = {"metadata": {"name": "db", "namespace": "default"}, "spec": {**whole, **spec}}
    default(found)
    return found


class Simulated:
    """The world, and the few things that these tests do to it."""

    decide = staticmethod(decide)

    def __init__(self, **spec):
        self.world = World()
        self.world.create(STATEFUL_SETS, stateful_set(**spec))

    def step(self):
        """One decision; new pods are Pending then, and terminating ones gone."""
        error = self.world.decide(self, KEY)
        for pod in self.world.list(PODS):
            if "status" not in pod:
                self.world.update(PODS, {**pod, "status": {"phase": "Pending"}}, "status")
        return error

    def ready(self, *ordinals, value="True", phase="Running"):
        at = now_text(self.world.now)
        condition = {"type": "Ready", "status": value, "lastTransitionTime": at}
        for ordinal in ordinals:
            pod = self.pod(ordinal)
            self.world.update(PODS, {**pod, "status": {"phase": phase, "conditions": [condition]}}, "status")

    def settle(self):
        """Until nothing changes, with every pod ready as soon as it is there."""
        for _ in range(50):
            before = self.state()
            self.step()
            self.ready(*(n for n in self.ordinals() if self.pod(n)["status"]["phase"] == "Pending"))
            if self.state() == before:
                return
        raise AssertionError("it never comes to rest")

    def state(self):
        return self.world._revision, [pod["metadata"]["uid"] for pod in self.world.list(PODS)]

    def change(self, image=None, **spec):
        owner = self.owner()
        whole = {**owner["spec"], **spec}
        if image:
            whole["template"] = stateful_set(image)["spec"]["template"]
        self.world.update(STATEFUL_SETS, {**owner, "spec": whole})

    def owner(self):
        return self.world.get(STATEFUL_SETS, "db", "default")

    def status(self):
        return self.owner()["status"]

    def pod(self, ordinal):
        return self.world.get(PODS, f"db-{ordinal}", "default")

    def ordinals(self):
        names = (pod["metadata"]["name"] for pod in self.world.list(PODS))
        return sorted(int(name.removeprefix("db-")) for name in names if name.startswith("db-"))

    def images(self):
        return {n: self.pod(n)["spec"]["containers"][0]["image"] for n in self.ordinals()}

    def revisions(self):
        return {each["metadata"]["name"]: each["revision"] for each in self.world.list(CONTROLLER_REVISIONS)}


@pytest.fixture
def simulated():
    """Makes the cluster; the arguments are fields of the StatefulSet's spec."""
    return Simulated


@pytest.fixture
def build():
    """Makes a StatefulSet with its defaults."""
    return stateful_set
