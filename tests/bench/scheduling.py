"""Pods a second that the scheduler binds: pods first, then the nodes appear and the clock starts."""

from __future__ import annotations

import json
import time

from objects import node, waiting_pod
from requests import in_threads
from server import Server


def pods_per_second(server: Server, mode: str, nodes: int, pods: int, timeout: float = 240) -> float:
    run = f"sched-{mode}-{int(time.time())}"
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": run}})
    collection = f"/api/v1/namespaces/{run}/pods"

    def send(path: str, make: object, count: int, threads: int) -> None:
        def some(first: int) -> None:
            connection = server.connect()
            for number in range(first, count, threads):
                status, answer = server.call("POST", path, make(number), connection)  # type: ignore[operator]
                assert status == 201, answer[:300]

        in_threads(some, threads)

    send(collection, lambda number: waiting_pod(number, mode, run), pods, 8)
    begin = time.monotonic()
    send("/api/v1/nodes", lambda number: node(number, run), nodes, 4)
    pending = pods
    connection = server.connect()
    while pending and time.monotonic() - begin < timeout:
        _, answer = server.call("GET", f"{collection}?fieldSelector=spec.nodeName%3D&limit=1", None, connection)
        found = json.loads(answer)
        pending = len(found["items"]) + (found["metadata"].get("remainingItemCount") or 0)
        time.sleep(0.1)
    took = time.monotonic() - begin
    server.call("DELETE", f"/api/v1/nodes?labelSelector=bench%2Fsim%3D{run}")
    server.call("DELETE", f"{collection}?gracePeriodSeconds=0")
    server.call("DELETE", f"/api/v1/namespaces/{run}")
    return (pods - pending) / took
