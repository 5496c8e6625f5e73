"""How long a node's lease renewal takes beside 500 greedy clients: ``python tests/bench/flood.py``.

Three floods (reads of one object, lists of 2,000, creates), each without and with priority and fairness. Starts API
servers of its own; needs wrk.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import clusters
import wrk
from api import Api
from manifests import CONFIGMAP

GREEDY, NODE = "greedy-token", "node-token"
CMS, LEASES = "/api/v1/namespaces/default/configmaps", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
GROUP = "rbac.authorization.k8s.io"
LEASE = {"holderIdentity": "n1", "leaseDurationSeconds": 40}
PAUSE = 0.05  # seconds between two renewals
ROWS = {
    "get one object": {"path": f"{CMS}/m-1"},
    "list 2,000 objects": {"path": f"{CMS}?resourceVersion=0"},
    "create": {"path": CMS, "method": "POST", "body": CONFIGMAP},
}


@contextmanager
def server(*, on: bool) -> Iterator[Api]:
    """An API server that knows a greedy user and a node."""
    with clusters._home() as (home, port):
        text = (
            (home / "sampan.yaml")
            .read_text()
            .replace("plugins: {", f"plugins: {{flowcontrol: {{enabled: {str(on).lower()}}}, ")
        )
        (home / "sampan.yaml").write_text(text)
        with (home / "tokens.csv").open("a") as tokens:
            tokens.write(f"{GREEDY},greedy,,\n{NODE},system:node:n1,,system:nodes\n")
        with clusters._process([*clusters._sampan(home), "apiserver"], home / "log"):
            api = Api(f"https://127.0.0.1:{port}", clusters.TOKEN)
            api.wait_ready()
            _fill(api)
            yield api


def _fill(api: Api) -> None:
    api.must("POST", "/api/v1/namespaces", {"metadata": {"name": "default"}})
    api.must("POST", "/api/v1/namespaces", {"metadata": {"name": "kube-node-lease"}})
    role = {"metadata": {"name": "greedy"}, "rules": [{"verbs": ["*"], "apiGroups": [""], "resources": ["configmaps"]}]}
    binding = {
        "metadata": {"name": "greedy"}, "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "greedy"},
        "subjects": [{"kind": "User", "name": "greedy", "apiGroup": GROUP}],
    }  # fmt: skip
    api.must("POST", f"/apis/{GROUP}/v1/clusterroles", role)
    api.must("POST", f"/apis/{GROUP}/v1/clusterrolebindings", binding)

    def create(number: int, connection: object) -> None:
        api.must("POST", CMS, {**CONFIGMAP, "metadata": {"name": f"m-{number}"}}, connection)

    api.each(2000, 8, create)
    api.must("POST", LEASES, {"metadata": {"name": "n1"}, "spec": LEASE})


def renewals(node: Api, connection: http.client.HTTPConnection, stop: threading.Event) -> list[float]:
    """Seconds of each renewal until ``stop``: one at least, however long it takes; infinite for one that was refused or
    not answered within a minute. On one connection that was there before the flood, as a kubelet's."""
    lease = node.must("GET", f"{LEASES}/n1", connection=connection)
    found: list[float] = []
    while not found or not stop.wait(PAUSE):
        begun = time.monotonic()
        try:
            status, data = node.call("PUT", f"{LEASES}/n1", json.loads(lease), connection)
        except (OSError, http.client.HTTPException):
            status, connection = 0, node.connect()
        if status == 200:
            lease = data
        found.append(time.monotonic() - begun if status == 200 else math.inf)
    return found


def measure(api: Api, row: str, seconds: int, clients: int) -> tuple[list[float], float]:
    stop, found = threading.Event(), []
    node = Api(api.url, NODE)
    connection = node.connect()
    node.must("GET", f"{LEASES}/n1", connection=connection)  # its TLS handshake is not what is measured
    thread = threading.Thread(target=lambda: found.extend(renewals(node, connection, stop)))
    rate: list[float] = []
    flood = threading.Thread(
        target=lambda: rate.append(
            wrk.per_second(
                Api(api.url, GREEDY), seconds=seconds, connections=clients, prefix=f"f{time.time_ns()}", **ROWS[row]
            )
        )
    )
    flood.start()
    time.sleep(1.5)  # until all connections are there
    thread.start()
    flood.join(seconds - 2)
    stop.set()
    thread.join()
    flood.join()
    return found, rate[0]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--clients", type=int, default=500)
    options = parser.parse_args()
    print(f"{options.clients} greedy clients; renewals in milliseconds", flush=True)
    for on in (False, True):
        with server(on=on) as api:
            for row in ROWS:
                found, rate = measure(api, row, options.seconds, options.clients)
                found.sort()
                p99 = found[min(len(found) - 1, int(len(found) * 0.99))] * 1000
                median = statistics.median(found) * 1000
                what = "with" if on else "without"
                print(
                    f"{row:20} {what:8} p50 {median:8.1f}  p99 {p99:8.1f}  ({len(found)} renewals; flood {rate:.0f}/s)",
                    flush=True,
                )


if __name__ == "__main__":
    main()
