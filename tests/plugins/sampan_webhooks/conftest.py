"""A cluster of one API server, and a webhook on loopback whose answers a test sets by path."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sampan_machinery.resources import MUTATING_WEBHOOK_CONFIGURATIONS, VALIDATING_WEBHOOK_CONFIGURATIONS
from sampan_testing.cluster import Cluster, start
from sampan_testing.webhooks import WebhookServer

ONLY = ("namespaces", "config", "webhooks", "services", "autoscaling", "workloads", "networking", "pods", "accounts")
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}


def webhook(name: str, config: Any, **more: Any) -> dict[str, Any]:
    return {
        "name": f"{name}.hooks.test", "clientConfig": config, "sideEffects": "None",
        "admissionReviewVersions": ["v1"], "rules": [RULE], **more,
    }  # fmt: skip


class Hooks:
    """The webhook's server, and the configurations of one test."""

    def __init__(self, cluster: Cluster, server: WebhookServer) -> None:
        self.cluster, self.server = cluster, server
        self.client = cluster.client
        self.answers: dict[str, Any] = {}
        self._made: list[tuple[Any, str]] = []

    def add(self, name: str, answer: Any = None, *, mutating: bool = False, **more: Any) -> None:
        """One configuration with one webhook. ``answer``: its response, or a function of the review's request."""
        self.answers[f"/{name}"] = answer or {"allowed": True}
        config = more.pop("clientConfig", None) or self.server.client_config(f"/{name}")
        self.configure(name, webhook(name, config, **more), mutating=mutating)

    def configure(self, name: str, *webhooks: Any, mutating: bool = False) -> None:
        resource = MUTATING_WEBHOOK_CONFIGURATIONS if mutating else VALIDATING_WEBHOOK_CONFIGURATIONS
        self.client.create(resource, {"metadata": {"name": name}, "webhooks": list(webhooks)})
        self._made.append((resource, name))

    def answer(self, path: str, review: Any) -> Any:
        found = self.answers[path.partition("?")[0]]
        return found(review["request"]) if callable(found) else found

    @property
    def asked(self) -> list[str]:
        return [path.partition("?")[0].lstrip("/") for path, _, _ in self.server.requests]

    @property
    def last(self) -> dict[str, Any]:
        """The request of the review that came last."""
        found: dict[str, Any] = self.server.requests[-1][2]["request"]
        return found

    @staticmethod
    def patch(*operations: Any) -> dict[str, Any]:
        """A response that changes the object."""
        data = base64.b64encode(json.dumps(operations).encode()).decode()
        return {"allowed": True, "patchType": "JSONPatch", "patch": data}

    def clear(self) -> None:
        for resource, name in self._made:
            self.client.delete(resource, name)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with start(only=ONLY, control=False) as found:
        yield found


@pytest.fixture
def hooks(cluster: Cluster) -> Iterator[Hooks]:
    with WebhookServer(lambda path, review: found.answer(path, review)) as server:
        found = Hooks(cluster, server)
        yield found
        found.clear()
