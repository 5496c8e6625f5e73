"""What kubectl and helm ask before they say that a kind is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sampan_testing.cluster import Cluster, start

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with start(only=("namespaces", "services", "aggregation"), control=False) as found:  # without sampan_crds
        yield found


def asked(cluster: Cluster, method: str, path: str, accept: str = "application/json") -> tuple[int, Any]:
    answer = cluster.client.transport.send(method, path, {"Accept": accept}, b"{}" if method == "POST" else None)
    return answer.status, json.loads(answer.body)


def test_the_list_of_definitions_is_empty(cluster: Cluster) -> None:
    status, found = asked(cluster, "GET", PATH)

    assert status == 200
    assert (found["kind"], found["items"]) == ("CustomResourceDefinitionList", [])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", f"{PATH}/x", 404), ("POST", PATH, 405), ("GET", f"{PATH}?watch=true", 405), ("GET", f"{PATH}s", 404)],
)
def test_nothing_else_is_there(cluster: Cluster, method: str, path: str, status: int) -> None:
    assert asked(cluster, method, path)[0] == status


def test_discovery_does_not_name_them(cluster: Cluster) -> None:
    groups = asked(cluster, "GET", "/apis")[1]["groups"]

    assert "apiextensions.k8s.io" not in {group["name"] for group in groups}
