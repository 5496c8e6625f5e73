"""Scheduling plugins of others on a snapshot: they read it with informers as they do in the scheduler."""

from __future__ import annotations

import pytest

from sampan.contracts.components import Contributed
from sampan.errors import NotFound
from sampan_client.informers import Informer
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_scheduler.analysis.lending import SnapshotClient, SnapshotHandle, started
from sampan_scheduler.analysis.planning import Plan
from sampan_scheduler.analysis.snapshot import Snapshot
from sampan_scheduler.configuration.reading import usual
from sampan_scheduling.contracts import Verdict


class Claims:
    """Refuses every node but the one that a pod's claim names; one pod alone may have the claim."""

    name, weight = "Claims", 1

    def __init__(self):
        self._taken, self._informer = {}, None

    def concerns(self, pod):
        return bool(pod["spec"].get("volumes"))

    def start(self, handle):
        self._client = handle.client

    def stop(self):
        if self._informer is not None:
            self._informer.stop()

    def pre_filter(self, state, pod, nodes):
        if self._informer is None:
            self._informer = Informer(self._client, CLAIMS)
            self._informer.start()
            assert self._informer.wait_synced(0)
        state[self.name] = self._informer.get("data", "default")
        return None if state[self.name] else Verdict('persistentvolumeclaim "data" not found', True)

    def filter(self, state, pod, node):
        return None if node.name == state[self.name]["spec"]["node"] else Verdict("node(s) had no volume", True)

    def reserve(self, state, pod, node):
        if self._taken.setdefault("data", pod["metadata"]["uid"]) != pod["metadata"]["uid"]:
            raise LookupError("taken")

    def unreserve(self, state, pod, node):
        return None


class Hooks:
    def ask(self, hook):
        return [Contributed("other", [Claims()])]


def claim(node, name="data", **metadata):
    return {"metadata": {"name": name, "namespace": "default", **metadata}, "spec": {"node": node}}


@pytest.fixture
def plan(build):
    def make(*claims):
        snapshot = Snapshot([build.node("a"), build.node("b")], [], [], [], [])
        read = {CLAIMS: list(claims)}
        return Plan(snapshot, usual(["default-scheduler"]), third_party=started(Hooks(), lambda kind: read[kind]))

    return make


def with_volume(build, name):
    return build.pod(name, volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}])


def test_a_pod_is_told_what_plugins_of_others_say_of_each_node(build, plan):
    report = plan(claim("b")).why(with_volume(build, "p"))

    assert {name: verdict.plugin for name, verdict in report.found.refused.items()} == {"a": "Claims"}
    assert [name for name, _ in report.found.ranked()] == ["b"]
    assert report.others_asked


def test_a_claim_that_is_not_there_is_why_no_node_will_do(build, plan):
    report = plan().why(with_volume(build, "p"))

    assert report.message.startswith('0/2 nodes are available: persistentvolumeclaim "data" not found')


def test_what_is_kept_for_one_pod_of_a_plan_is_not_there_for_the_next(build, plan):
    found = plan(claim("b")).place([with_volume(build, "p"), with_volume(build, "q"), build.pod("free")])

    assert [(each.node, each.message) for each in found[:2]] == [
        ("b", ""), ("", "plugin Claims could not reserve on node b"),
    ]  # fmt: skip
    assert found[2].node


def test_informers_are_shown_the_snapshot_at_once_by_namespace_and_labels():
    there = [claim("a", "x", labels={"app": "web"}), claim("a", "y"), claim("a", "z", namespace="other")]
    client, seen = SnapshotClient(lambda resource: there), []
    informers = [
        Informer(client, CLAIMS, on_change=lambda old, new: seen.append((old, new["metadata"]["name"]))),
        Informer(client, CLAIMS, namespace="default"), Informer(client, CLAIMS, labels="app=web"),
    ]  # fmt: skip

    for each in informers:
        each.start()

    names = [sorted(obj["metadata"]["name"] for obj in each.list()) for each in informers]
    assert names == [["x", "y", "z"], ["x", "y"], ["x"]]
    assert seen == [(None, "x"), (None, "y"), (None, "z")]
    for each in informers:
        each.stop()


def test_a_handle_reads_and_changes_nothing():
    handle = SnapshotHandle(lambda resource: [claim("a")])

    assert handle.client.get(CLAIMS, "data", "default")["spec"] == {"node": "a"}
    with pytest.raises(NotFound):
        handle.client.get(CLAIMS, "other", "default")
    handle.submit(lambda: pytest.fail("called"))
    handle.wake(lambda pod: pytest.fail("called"))
    handle.ask_again("uid")
    assert not hasattr(handle.client, "create")


def test_without_other_plugins_there_are_none():
    assert started(None, lambda resource: []) == []
