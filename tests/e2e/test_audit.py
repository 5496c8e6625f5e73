"""What kubectl does is in the audit log of a real cluster, with who did it and without any value of a Secret."""

from __future__ import annotations

import json
import time

import pytest
from clusters import Cluster

pytestmark = pytest.mark.kubectl


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


def logged(cluster: Cluster, **wanted: str) -> dict:
    """The first event with this verb and object; written within a moment."""
    path = cluster.home / "logs" / "audit.log"
    for _ in range(100):
        for line in path.read_text().splitlines() if path.exists() else ():
            event = json.loads(line)
            if {"verb": event["verb"], **event.get("objectRef", {})}.items() >= wanted.items():
                return event
        time.sleep(0.1)
    raise AssertionError(f"not in {path}: {wanted}")


def test_changes_are_logged_with_who_and_what(cluster, namespace):
    cluster.kubectl("create", "secret", "generic", "hidden", "--from-literal=key=hidden-value-of-the-test")
    cluster.kubectl("delete", "secret", "hidden", "--as=jane", "--as-group=system:masters")

    created = logged(cluster, verb="create", resource="secrets", name="hidden")
    deleted = logged(cluster, verb="delete", resource="secrets", name="hidden")

    assert (created["user"]["username"], created["responseStatus"]["code"]) == ("kubernetes-admin", 201)
    assert created["userAgent"].startswith("kubectl/")
    assert deleted["user"]["username"] == "kubernetes-admin"
    assert deleted["impersonatedUser"]["username"] == "jane"
    assert "hidden-value-of-the-test" not in (cluster.home / "logs" / "audit.log").read_text()
