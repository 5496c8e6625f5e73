"""The real API server in process, with the kinds that pods live among."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Resource
from sampan_testing.cluster import start

PODS = Resource("", "v1", "pods", "Pod")


@pytest.fixture
def client():
    with start(only=("pods", "nodes"), control=False) as cluster:
        yield cluster.client


@pytest.fixture
def make(client):
    """A pod as stored."""

    def build(name="web", **spec):
        spec.setdefault("containers", [{"name": "main", "image": "busybox"}])
        return client.create(
            PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}, "default"
        )

    return build
