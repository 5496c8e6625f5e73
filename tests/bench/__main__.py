"""Measure sampan on this machine and print a table beside the peer's figures and the bars: ``python tests/bench``.

Starts clusters of its own (free ports, homes of their own) and stops them. Never a test: nothing fails for a figure.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from pathlib import Path

import clusters
import hollow
import living
import machine
import scheduling
import table
import watching
from budgets import BUDGETS, BY_NAME
from requests_rows import Requests

REQUESTS = ("create_configmap", "create_pod", "get_pod", "patch_status", "list_pods", "list_page", "list_label",
            "watch_p99", "api_peak")  # fmt: skip
LIFE = ("up_api", "up_node", "up_pod", "idle_memory", "idle_cpu")
HOLLOW = ("hollow_nodes", "hollow_pods", "hollow_memory")
MODES = ("basic", "spread", "antiaffinity")


class Bench:
    """What was asked for, and what came of it."""

    def __init__(self, only: set[str], *, quick: bool, full: bool) -> None:
        self._only = only
        self._quick = quick
        self._beside = clusters.whole if full else clusters.alone
        self.results: dict[str, float] = {}

    def wanted(self, name: str) -> bool:
        return not self._only or name in self._only

    def run(self) -> dict[str, float]:
        for names, measure in (
            (LIFE, self._life), (REQUESTS, self._requests), (("idle_watches", "idle_watches_tls"), self._idle_watches),
            (tuple(f"schedule_{mode}" for mode in MODES), self._schedule), (HOLLOW, self._hollow),
        ):  # fmt: skip
            if any(map(self.wanted, names)):
                measure()
        return {budget.name: self.results[budget.name] for budget in BUDGETS if budget.name in self.results}

    def _keep(self, found: dict[str, float]) -> None:
        for name, value in found.items():
            if self.wanted(name):
                self.results[name] = value
                print(f"  {BY_NAME[name].work}: {value:.4g} {BY_NAME[name].unit}", flush=True)

    def _life(self) -> None:
        with clusters.whole() as running:
            self._keep(living.start(running))
            if self.wanted("idle_memory") or self.wanted("idle_cpu"):
                self._keep(living.idle(running, 5 if self._quick else 30))

    def _requests(self) -> None:
        with self._beside() as running:
            loads = Requests(running.api, seconds=2 if self._quick else 8, pods=1000 if self._quick else 5000)
            self._keep(loads.run(self.wanted))
            if self.wanted("watch_p99"):
                self._keep({"watch_p99": watching.latency_p99(running.api)})
            self._keep({"api_peak": machine.peak_memory(running.worker)})

    def _idle_watches(self) -> None:
        with clusters.plain() as running:
            self._keep({"idle_watches": watching.idle_memory(running, 5000)})
        if self.wanted("idle_watches_tls"):
            with clusters.alone() as running:
                self._keep({"idle_watches_tls": watching.idle_memory(running, 5000)})

    def _schedule(self) -> None:
        size: Callable[[int], int] = (lambda count: count // 5) if self._quick else (lambda count: count)
        for mode in MODES:
            if self.wanted(f"schedule_{mode}"):
                with clusters.whole() as running:
                    rate = scheduling.pods_per_second(running.api, mode, nodes=size(1000), pods=size(3000))
                    self._keep({f"schedule_{mode}": rate})

    def _hollow(self) -> None:
        nodes, pods = (1000, 2000) if self._quick else (5000, 10_000)
        with clusters.whole("--no-node", "--hollow", str(nodes)) as running:
            self._keep(hollow.fill(running, nodes=nodes, pods=pods))


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", default="", help="names of rows, with commas: " + ", ".join(BY_NAME))
    parser.add_argument("--quick", action="store_true", help="shorter and smaller: a look, not a result")
    parser.add_argument("--full", action="store_true", help="request rows beside controllers, scheduler and agent too")
    parser.add_argument("--store", default="", metavar="URL", help="an etcd or PostgreSQL that runs and is empty")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results there as well")
    asked = parser.parse_args()
    clusters.store = asked.store
    only = set(filter(None, asked.only.split(",")))
    if unknown := only - BY_NAME.keys():
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    print(f"measuring on {platform.machine()}, Python {platform.python_version()}")
    results = Bench(only, quick=asked.quick, full=asked.full).run()
    print()
    print(table.as_text(results))
    if asked.quick:
        print("quick: a fifth of the pods and nodes, short loads; the figures of lists and pods say little")
    if asked.json:
        asked.json.write_text(json.dumps(table.as_data(results), indent=1) + "\n")


main()
