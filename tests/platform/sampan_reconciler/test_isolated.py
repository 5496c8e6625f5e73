"""A misbehaving third-party reconciler costs only its deadline; keys of other reconcilers are decided."""

from __future__ import annotations

import threading

import pytest
from hanging import hangs, late_alone

from sampan.contracts.components import Component
from sampan.contracts.kinds import Resource
from sampan.contracts.reconciling import Create, Reconciler, Watching
from sampan.hookspecs import hookimpl
from sampan_isolation import Deadlines
from sampan_testing.cluster import start

NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
DEADLINES = Deadlines(request=0.1, decide=0.1, misses=2, pause=60.0)


class Odd:
    """A plugin with a reconciler that misbehaves."""

    def __init__(self, how, place="decide"):
        self.how, self.place = how, place
        self.entered, self.release = threading.Event(), threading.Event()
        self.threads = []

    def act(self):
        self.threads.append(threading.current_thread())
        self.entered.set()
        if self.how in ("sleep", "spin"):
            hangs()
        if self.how == "raise":
            raise RuntimeError("oh")
        if self.how == "garbage":
            return ["no sense"]
        if self.how == "sleep":
            self.release.wait()
        while self.how == "spin":
            pass
        return []

    @hookimpl
    def contribute_reconcilers(self):
        decide = (lambda key, observed: self.act()) if self.place == "decide" else (lambda key, observed: ())
        keys = (lambda obj, observed: self.act()) if self.place == "keys" else None
        return [Reconciler(name="odd", primary=NAMESPACES, watches=(Watching(CONFIG_MAPS, keys=keys),), decide=decide)]


class Good:
    @hookimpl
    def contribute_reconcilers(self):
        return [Reconciler(name="good", primary=NAMESPACES, decide=self.decide)]

    def decide(self, key, observed):
        if key.name.startswith("team") and observed.get(CONFIG_MAPS, "good", key.name) is None:
            yield Create(CONFIG_MAPS, {"metadata": {"name": "good", "namespace": key.name}})


@pytest.fixture(autouse=True)
def only_what_hangs_is_late(monkeypatch):
    late_alone(monkeypatch)


@pytest.mark.parametrize("place", ["decide", "keys"])
@pytest.mark.parametrize("how", ["raise", "garbage", "sleep", "spin"])
def test_other_reconcilers_go_on_and_the_odd_one_is_named(how, place):
    odd = Odd(how, place)
    with start({"odd": odd, "good": Good()}, deadlines=DEADLINES) as cluster:
        cluster.client.create(NAMESPACES, {"metadata": {"name": "team-a"}})
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "x", "namespace": "team-a"}}, "team-a")
        assert odd.entered.wait(60)

        cluster.until(lambda: cluster.client.get(CONFIG_MAPS, "good", "team-a"))
        reason = {"raise": "raised", "garbage": "answer"}.get(how, "late")
        hook = "reconciler odd" if place == "decide" else "reconciler odd, keys"
        cluster.until(lambda: (hook, reason) in {(f.hook, f.reason) for f in cluster.plugins.failure_log.failures()})
        assert {each.plugin for each in cluster.plugins.failure_log.failures()} == {"odd"}
        odd.release.set()
    if how == "spin":
        odd.threads[0].join(60)
        assert not odd.threads[0].is_alive()


@pytest.mark.parametrize("how", ["raise", "sleep", "spin"])
def test_a_component_that_misbehaves_is_named_and_abandoned(how):
    odd = Odd(how)

    class Runs:
        @hookimpl
        def contribute_components(self):
            return [Component(name="odd-runner", run=lambda running: odd.act(), user="odd")]

    with start({"odd": Runs(), "good": Good()}, deadlines=DEADLINES) as cluster:
        assert odd.entered.wait(60)
        cluster.client.create(NAMESPACES, {"metadata": {"name": "team-a"}})
        cluster.until(lambda: cluster.client.get(CONFIG_MAPS, "good", "team-a"))
        if how == "raise":
            cluster.until(lambda: [(f.plugin, f.hook) for f in cluster.plugins.failure_log.failures()])
    odd.how = "well"
    odd.release.set()
    odd.threads[0].join(60)
    assert not odd.threads[0].is_alive()
