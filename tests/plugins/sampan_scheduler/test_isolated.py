"""A third-party scheduling plugin that misbehaves: pods are placed all the same, or kept back where it filters."""

from __future__ import annotations

import threading

import pytest
from hanging import hangs, late_alone

from sampan.contracts.kinds import Resource
from sampan.hookspecs import hookimpl
from sampan_isolation import Deadlines
from sampan_scheduling.contracts import Verdict
from sampan_testing.cluster import start

PODS = Resource("", "v1", "pods", "Pod")
SPEC = {"containers": [{"name": "main", "image": "busybox"}]}
DEADLINES = Deadlines(decide=0.1, misses=2, pause=60.0)


@pytest.fixture(autouse=True)
def only_what_hangs_is_late(monkeypatch):
    late_alone(monkeypatch)


class Odd:
    name, weight = "odd", 5

    def __init__(self, how):
        self.how = how
        self.release = threading.Event()

    def act(self):
        if self.how == "raise":
            raise RuntimeError("oh")
        if self.how == "garbage":
            return "no sense"
        if self.how in ("sleep", "spin"):
            hangs()
        if self.how == "sleep":
            self.release.wait()
        while self.how == "spin":
            pass
        return 50

    @hookimpl
    def contribute_scheduling_plugins(self):
        return [self]


class Scores(Odd):
    def score(self, state, pod, node):
        return self.act()


class Filters(Odd):
    def filter(self, state, pod, node):
        return None if self.act() == 50 else "garbage"


def place(cluster, name):
    cluster.client.create(PODS, {"metadata": {"name": name}, "spec": SPEC}, "default")
    return cluster.until(lambda: cluster.client.get(PODS, name, "default")["spec"].get("nodeName"))


def failures(cluster):
    return {(each.plugin, each.hook, each.reason) for each in cluster.plugins.failure_log.failures()}


@pytest.mark.parametrize("how", ["raise", "garbage", "sleep", "spin"])
def test_a_bad_score_counts_nothing_and_is_named(how):
    odd = Scores(how)
    with start({"odd": odd}, nodes=2, deadlines=DEADLINES) as cluster:
        for name in ("a", "b", "c"):
            assert place(cluster, name) in ("node-1", "node-2")

        reason = {"raise": "raised", "garbage": "answer"}.get(how, "late")
        assert ("odd", "scheduling score", reason) in failures(cluster)
        odd.how = "well"
        odd.release.set()


@pytest.mark.parametrize("how", ["raise", "garbage", "sleep", "spin"])
def test_a_filter_that_cannot_be_asked_lets_no_pod_through(how):
    odd = Filters(how)
    with start({"odd": odd}, nodes=1, deadlines=DEADLINES) as cluster:
        cluster.client.create(PODS, {"metadata": {"name": "a"}, "spec": SPEC}, "default")

        said = cluster.until(lambda: condition(cluster.client.get(PODS, "a", "default")))
        assert "plugin odd failed" in said["message"]
        odd.how = "well"
        odd.release.set()


def condition(pod):
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == "PodScheduled" and each["status"] == "False"), None)


def test_a_good_plugin_is_asked_for_what_it_has():
    class Both:
        name, weight = "both", 1

        def filter(self, state, pod, node):
            return Verdict("not here") if node.name == "node-1" else None

        def score(self, state, pod, node):
            return 1

        @hookimpl
        def contribute_scheduling_plugins(self):
            return [self]

    with start({"both": Both()}, nodes=2) as cluster:
        assert place(cluster, "a") == "node-2"
        assert failures(cluster) == set()
