"""The kinds as the API server takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sampan.contracts.kinds import Object, Resource
from sampan_client import Client
from sampan_federation.manifests import definitions
from sampan_federation.resources import WORKS
from sampan_shipping import Shipment
from sampan_testing.cluster import start


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with start(control=False, only={"config", "crds", "memory", "namespaces"}) as cluster:
        Shipment(cluster.client, "federation", "1", definitions()).apply()
        cluster.until(lambda: cluster.client.list(WORKS).items == [], 30)
        yield cluster.client


@pytest.fixture
def create(client: Client) -> Callable[[Resource, Any], Object]:
    """Makes an object with that spec; returns the spec as it is kept."""
    numbers = iter(range(100))

    def make(resource: Resource, spec: Any) -> Object:
        metadata = {"name": f"made-{next(numbers)}", **({"namespace": "default"} if resource.namespaced else {})}
        obj = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec}
        found = client.create(resource, obj)
        client.delete(resource, metadata["name"], metadata.get("namespace", ""))
        return found.get("spec")

    return make
