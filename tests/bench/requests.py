"""Requests a second, by wrk; and how long an event takes to its watchers."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from objects import CONFIG_MAP, POD
from server import TOKEN, Server, headers

WATCHERS, CREATES = 50, 200
SCRIPT = """
local thread_number = 0
function setup(thread) thread:set("tid", thread_number); thread_number = thread_number + 1 end
local n = 0
wrk.headers["Authorization"] = "Bearer %(token)s"
wrk.headers["Content-Type"] = "%(kind)s"
wrk.headers["Accept"] = "application/json"
local body = [==[%(body)s]==]
request = function()
  n = n + 1
  local b = body:gsub("NAME", "%(prefix)s-" .. tid .. "-" .. n):gsub("SHARD", tostring(n %% 100))
  local path = ("%(path)s"):gsub("IDX", tostring(n %% 200))
  return wrk.format("%(method)s", path, nil, (#b > 0) and b or nil)
end
"""


def load(
    server: Server, path: str, connections: int, seconds: int, *, method: str = "GET", body: Any = None,
    kind: str = "application/json",
) -> float:  # fmt: skip
    """Successful answers a second."""
    text = json.dumps(body) if body is not None else ""
    prefix = f"b{time.time_ns() % 10**10}"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            SCRIPT % {"token": TOKEN, "kind": kind, "body": text, "prefix": prefix, "path": path, "method": method}
        )
        script.flush()
        out = subprocess.run(
            ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", script.name, server.url],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    rate = float(_number(r"Requests/sec:\s+([\d.]+)", out))
    total, bad = int(_number(r"(\d+) requests in", out)), int(_number(r"Non-2xx or 3xx responses: (\d+)", out))
    return rate * (total - bad) / max(total, 1)


def _number(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else "0"


def fill(server: Server, namespace: str, count: int, threads: int = 8) -> None:
    """Pods fill-0 … fill-N in a namespace."""

    def some(first: int) -> None:
        connection = server.connect()
        for number in range(first, count, threads):
            pod = json.loads(json.dumps(POD).replace("NAME", f"fill-{number}").replace("SHARD", str(number % 100)))
            status, answer = server.call("POST", f"/api/v1/namespaces/{namespace}/pods", pod, connection)
            assert status in (201, 409), answer[:300]

    in_threads(some, threads)


def in_threads(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def api_rows(server: Server, seconds: int, pods: int) -> Iterator[tuple[str, float]]:
    """(key, figure) for each kind of request."""
    for namespace in ("bench-w", "bench-l", "bench-s"):
        server.call("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    base = "/api/v1/namespaces"
    yield "create_configmap", load(server, f"{base}/bench-w/configmaps", 16, seconds, method="POST", body=CONFIG_MAP)
    yield "create_pod", load(server, f"{base}/bench-w/pods", 16, seconds, method="POST", body=POD)
    fill(server, "bench-s", 200)
    yield "get_pod", load(server, f"{base}/bench-s/pods/fill-1", 16, seconds)
    patch = {"status": {"phase": "Pending", "message": "NAME"}}
    yield (
        "patch_status",
        load(server, f"{base}/bench-s/pods/fill-IDX/status", 8, seconds, method="PATCH", body=patch,
             kind="application/merge-patch+json"),
    )  # fmt: skip
    fill(server, "bench-l", pods)
    yield "list_pods", load(server, f"{base}/bench-l/pods", 2, seconds)
    yield "list_page", load(server, f"{base}/bench-l/pods?limit=500", 4, seconds)
    yield "list_label", load(server, f"{base}/bench-l/pods?labelSelector=shard%3D7", 4, seconds)
    yield "watch_p99", watch_latency(server)


def watch_latency(server: Server) -> float:
    """Milliseconds from sending a create to its event's arrival, the 99th in a hundred over all watchers."""
    namespace = f"bench-watch-{time.time_ns()}"
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    arrivals: list[dict[str, float]] = [{} for _ in range(WATCHERS)]
    ready = threading.Barrier(WATCHERS + 1)

    def watch(seen: dict[str, float]) -> None:
        connection = server.connect(30)
        connection.request("GET", f"{path}?watch=true&timeoutSeconds=60&resourceVersion=0", headers=headers())
        answer = connection.getresponse()
        ready.wait()
        while len(seen) < CREATES and (line := answer.readline()):
            if found := re.search(rb'"name":"(w-\d+)"', line):
                seen.setdefault(found.group(1).decode(), time.perf_counter())
        connection.close()

    threads = [threading.Thread(target=watch, args=(seen,), daemon=True) for seen in arrivals]
    for thread in threads:
        thread.start()
    ready.wait()
    time.sleep(1)
    sent, connection = {}, server.connect()
    for number in range(CREATES):
        body = json.loads(json.dumps(CONFIG_MAP).replace("NAME", f"w-{number}"))
        sent[f"w-{number}"] = time.perf_counter()
        status, answer = server.call("POST", path, body, connection)
        assert status == 201, answer[:200]
        time.sleep(0.005)
    for thread in threads:
        thread.join(20)
    delays = sorted((seen[name] - sent[name]) * 1e3 for seen in arrivals for name in seen if name in sent)
    assert len(delays) == WATCHERS * CREATES, f"{len(delays)} events of {WATCHERS * CREATES} arrived"
    return delays[int(len(delays) * 0.99)]
