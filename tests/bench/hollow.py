"""The rows of hollow nodes: how long until they are registered, and until the pods of Deployments run on them."""

from __future__ import annotations

import json
import time
from typing import Any

import machine
from clusters import Running

TIMEOUT = 900.0
DEPLOYMENTS = 10
_DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def fill(running: Running, *, nodes: int, pods: int) -> dict[str, float]:
    """Seconds from the command to all nodes, then from the first Deployment to all pods; MB (PSS) of all processes."""
    registered = _when(lambda: _nodes(running) >= nodes)
    begun = time.monotonic()
    for number in range(DEPLOYMENTS):
        deployment = _deployment(f"web-{number}", pods // DEPLOYMENTS)
        running.api.must("POST", _DEPLOYMENTS, deployment)
    ran = _when(lambda: _available(running) >= pods)
    memory = machine.proportional_memory(machine.family(running.pid))
    return {"hollow_nodes": registered - running.started, "hollow_pods": ran - begun, "hollow_memory": memory}


def _deployment(name: str, replicas: int) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "main", "image": "x", "resources": {"requests": {"cpu": "100m"}}}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def _nodes(running: Running) -> int:
    """By a page of one, which says how many more there are."""
    found: dict[str, Any] = json.loads(running.api.must("GET", "/api/v1/nodes?limit=1"))
    return len(found["items"]) + int(found["metadata"].get("remainingItemCount") or 0)


def _available(running: Running) -> int:
    found: dict[str, Any] = json.loads(running.api.must("GET", _DEPLOYMENTS))
    return sum(each.get("status", {}).get("availableReplicas") or 0 for each in found["items"])


def _when(holds: Any) -> float:
    """The moment when it first held."""
    end = time.monotonic() + TIMEOUT
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"the cluster did not come that far within {TIMEOUT} s")
        time.sleep(0.2)
    return time.monotonic()
