"""Two instances of a component, one Lease: one works, and hands over when it ends."""

from __future__ import annotations

import threading

import pytest

from sampan.contracts.access import User
from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Resource
from sampan.contracts.options import ClusterOptions
from sampan_client import Client
from sampan_operate.supervisor.election import StopEvent, run_elected
from sampan_testing.miniapi import MiniApi

LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
WAIT = 60


class Instance:
    def __init__(self, api, name):
        self.name, self.stop, self.works, self.said = name, StopEvent(), threading.Event(), []
        self.told = threading.Event()
        component = Component(name="x", run=self.work, user="u", elected=True)
        running = Running(
            Client.in_process(api, User(name)),
            None,
            "",
            self.stop,
            ClusterOptions(identity=name),
            failing=self.said.append,
        )
        self.thread = threading.Thread(target=run_elected, args=(component, running, self.stop, self.stand_by))
        self.thread.start()

    def stand_by(self, words):
        self.said.append(words)
        self.told.set()

    def work(self, running):
        self.works.set()
        running.stop.wait()

    def end(self):
        self.stop.set()
        self.thread.join(WAIT)
        assert not self.thread.is_alive()


@pytest.fixture
def api():
    return MiniApi([LEASES])


def test_the_second_takes_over_when_the_first_ends(api):
    first = Instance(api, "first")
    assert first.works.wait(WAIT)
    second = Instance(api, "second")
    try:
        assert second.told.wait(WAIT)
        assert second.said == ["stands by until it is elected (kube-system/sampan-x)"]
        assert not second.works.is_set()

        first.end()

        assert second.works.wait(WAIT)
        assert api.get(LEASES, "sampan-x", "kube-system")["spec"]["holderIdentity"] == "second"
    finally:
        first.end()
        second.end()


def test_a_lease_that_may_not_be_had_is_said():
    refused = Instance(MiniApi([]), "x")
    try:
        said = threading.Event()
        while not (len(refused.said) > 1 or said.wait(0.01)):
            pass
        assert refused.said[1].startswith("the lease kube-system/sampan-x cannot be read: ")
    finally:
        refused.end()


def test_a_branch_ends_with_its_stem_and_not_the_other_way_round():
    stem = StopEvent()
    branch = stem.branch()
    twig = branch.branch()
    other = stem.branch()

    branch.set()
    assert twig.is_set() and not stem.is_set() and not other.is_set()

    stem.set()
    assert other.is_set() and stem.branch().is_set()
