"""Snapshots of small clusters."""

from __future__ import annotations

import pytest

from sampan_scheduler.analysis.planning import Plan
from sampan_scheduler.analysis.snapshot import Snapshot
from sampan_scheduler.configuration.reading import usual


@pytest.fixture
def plan():
    def make(nodes, pods=(), *, budgets=(), without=(), namespaces=()):
        snapshot = Snapshot(list(nodes), list(pods), list(namespaces), list(budgets), [])
        return Plan(snapshot, usual(["default-scheduler"]), frozenset(without))

    return make
