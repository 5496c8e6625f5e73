"""The rows of a whole cluster by itself: starting, and being idle."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import machine
from clusters import Running
from manifests import sleeper

Results = dict[str, float]


def start(running: Running) -> Results:
    """Seconds from the command to each stage."""
    path = "/api/v1/namespaces/default/pods"
    _until(lambda: _is_ready(running))
    ready = time.monotonic()
    running.api.must("POST", path, sleeper("first"))
    _until(lambda: _get(running, f"{path}/first").get("status", {}).get("phase") == "Running")
    ended = time.monotonic()
    running.api.must("DELETE", f"{path}/first")
    begun = running.started
    return {"up_api": running.api.ready_after, "up_node": ready - begun, "up_pod": ended - begun}


def idle(running: Running, seconds: int) -> Results:
    """After a rest, so that what starting cost is over."""
    time.sleep(min(seconds, 10))
    pids = machine.family(running.pid)
    before, began = machine.cpu_seconds(pids), time.monotonic()
    time.sleep(seconds)
    share = (machine.cpu_seconds(pids) - before) / (time.monotonic() - began)
    return {"idle_cpu": share * 100, "idle_memory": machine.proportional_memory(pids)}


def _is_ready(running: Running) -> bool:
    for node in _get(running, "/api/v1/nodes").get("items", ()):
        if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", ())):
            return True
    return False


def _get(running: Running, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(running.api.must("GET", path))
    return found


def _until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"the cluster did not come that far within {seconds} s")
        time.sleep(0.02)
