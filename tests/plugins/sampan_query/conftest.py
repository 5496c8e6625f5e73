"""A cluster with some objects to ask for."""

from __future__ import annotations

import pytest

from sampan_client.discovery import discover
from sampan_machinery.resources import CUSTOM_RESOURCE_DEFINITIONS, NODES, PODS
from sampan_query.database import Database
from sampan_testing.cluster import start


def pod(name, node, cpu="250m", app="web"):
    requests = {"cpu": cpu, "memory": "1Gi"}
    return {
        "metadata": {"name": name, "labels": {"app": app, "app.kubernetes.io/part-of": "shop"}},
        "spec": {
            "nodeName": node,
            "containers": [{"name": "app", "image": "example/app:1", "resources": {"requests": requests}}],
        },
    }


@pytest.fixture(scope="module")
def cluster():
    with start(control=False) as cluster:
        for name in ("n1", "n2"):
            cluster.client.create(
                NODES, {"metadata": {"name": name}, "status": {"allocatable": {"cpu": "4", "memory": "8Gi"}}}
            )
        for number, node in enumerate(("n1", "n1", "n2")):
            cluster.client.create(PODS, pod(f"p{number}", node), "default")
        cluster.client.create(PODS, pod("other", "n2", app="other"), "kube-system")
        yield cluster


@pytest.fixture
def database(cluster):
    """What the administrator may ask."""
    made = Database(cluster.client, discover(cluster.client))
    yield made
    made.close()


@pytest.fixture(scope="module")
def boats(cluster):
    """A custom kind with a printed column."""
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"sails": {"type": "integer"}}}},
    }
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": [{"name": "Sail Count", "type": "integer", "jsonPath": ".spec.sails"}],
    }
    names = {"plural": "boats", "singular": "boat", "kind": "Boat"}
    cluster.client.create(
        CUSTOM_RESOURCE_DEFINITIONS,
        {
            "metadata": {"name": "boats.x.io"},
            "spec": {"group": "x.io", "names": names, "scope": "Namespaced", "versions": [version]},
        },
    )
    from sampan.contracts.resources import Resource

    resource = Resource("x.io", "v1", "boats", "Boat")
    body = {"apiVersion": "x.io/v1", "kind": "Boat", "metadata": {"name": "junk"}, "spec": {"sails": 3}}
    cluster.until(lambda: cluster.client.create(resource, body, "default"), 30)
    return resource
