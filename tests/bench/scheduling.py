"""The rows of the scheduler: pods wait, simulated nodes register, the clock stops when all pods have a node."""

from __future__ import annotations

import json
import time

from api import Api
from manifests import node, scheduled

TIMEOUT = 300.0


def pods_per_second(api: Api, mode: str, *, nodes: int, pods: int) -> float:
    """From the first node's registration on, bindings written; nodes and pods are deleted afterwards."""
    run = api.namespace(f"sched-{mode}")
    path = f"/api/v1/namespaces/{run}/pods"
    api.each(pods, 8, lambda number, connection: api.must("POST", path, scheduled(number, mode, run), connection))
    started = time.monotonic()
    api.each(nodes, 4, lambda number, connection: api.must("POST", "/api/v1/nodes", node(number, run), connection))
    waiting = pods
    while waiting and time.monotonic() < started + TIMEOUT:
        time.sleep(0.1)
        waiting = _waiting(api, path)
    seconds = time.monotonic() - started
    api.each(nodes, 4, lambda number, connection: api.must("DELETE", f"/api/v1/nodes/{run}-{number}", None, connection))
    api.must("DELETE", f"{path}?gracePeriodSeconds=0")
    return (pods - waiting) / seconds


def _waiting(api: Api, path: str) -> int:
    found = json.loads(api.must("GET", f"{path}?fieldSelector=spec.nodeName%3D&limit=1"))
    if not found["items"]:
        return 0
    return 1 + int(found["metadata"].get("remainingItemCount") or 0)
