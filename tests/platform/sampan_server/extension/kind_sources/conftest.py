"""A cluster whose kinds are described by objects, as a first-party plugin and as a third-party one."""

from __future__ import annotations

import pytest
from followed import Watched
from toys import Toys

from sampan_testing.cluster import start


@pytest.fixture(params=[True, False], ids=["own", "third-party"])
def toys(request):
    return Toys(first_party=request.param)


@pytest.fixture
def cluster(toys):
    with start({"toys": toys}, only=("namespaces",), control=False) as running:
        yield running


@pytest.fixture
def client(cluster):
    return cluster.client


@pytest.fixture
def watch(client):
    opened = []

    def begin(resource, **more):
        opened.append(Watched(client, resource, **more))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()
