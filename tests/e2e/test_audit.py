"""What kubectl does is in the audit log of a real cluster, with who did it and without any value of a Secret."""

from __future__ import annotations

import json

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


def logged(cluster: Cluster, **wanted: str) -> dict:
    """The first event with this verb and object; written within a moment."""
    path = cluster.home / "logs" / "audit.log"

    def found() -> dict | None:
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        for event in (json.loads(line) for line in lines if line.endswith("\n")):  # the last may be half written
            if {"verb": event["verb"], **event.get("objectRef", {})}.items() >= wanted.items():
                return event
        return None

    return until(found, why=f"in {path}: {wanted}")


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
