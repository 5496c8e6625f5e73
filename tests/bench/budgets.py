"""What is measured, what the peer does and what the bar is. Knows no way of measuring.

The peer is kube-apiserver 1.36.2 with etcd, measured with the same loads on a machine of two cores; for starting it is
k3d, from the command to DNS answering.
"""

from __future__ import annotations

from typing import NamedTuple


class Budget(NamedTuple):
    """One row. ``bar`` is the first bar in ``unit``, 0 for none; ``more``: more is better; ``peer`` 0: none known."""

    name: str
    work: str
    unit: str
    peer: float
    bar: float
    more: bool = True

    def ratio(self, result: float) -> float:
        """How many times better than the peer; 0 where there is none."""
        if not self.peer or not result:
            return 0.0
        return result / self.peer if self.more else self.peer / result

    def met(self, result: float) -> bool:
        return result >= self.bar if self.more else 0 < result <= self.bar


BUDGETS = (
    Budget("create_configmap", "create ConfigMap 1 KB, 16 connections", "/s", 1710, 0.8 * 1710),
    Budget("create_pod", "create Pod 2 KB, 16 connections", "/s", 980, 0.8 * 980),
    Budget("get_pod", "get Pod, 16 connections", "/s", 2970, 2 * 2970),
    Budget("patch_status", "patch Pod status, 8 connections", "/s", 580, 1.5 * 580),
    Budget("list_pods", "list 5,000 Pods", "/s", 2.5, 10 * 2.5),
    Budget("list_page", "list page of 500", "/s", 29, 8 * 29),
    Budget("list_label", "list by label (1 %)", "/s", 8.7, 20 * 8.7),
    Budget("watch_p99", "create to 50 watchers, p99", "ms", 14, 1.5 * 14, more=False),
    Budget("api_peak", "API server's memory at its peak in the rows above", "MB", 1900, 600, more=False),
    Budget("idle_watches", "5,000 idle watches, plain sockets", "MB", 0, 10, more=False),
    Budget("idle_watches_tls", "the same over TLS", "MB", 0, 0, more=False),
    Budget("up_api", "sampan up to API ready", "s", 0, 2, more=False),
    Budget("up_node", "sampan up to node Ready", "s", 0, 4, more=False),
    Budget("up_pod", "sampan up to first pod running", "s", 19.9, 6, more=False),
    Budget("idle_memory", "memory of the whole idle cluster (PSS)", "MB", 520, 150, more=False),
    Budget("idle_cpu", "CPU of the whole idle cluster", "% of a core", 3, 1.5, more=False),
    Budget("schedule_basic", "schedule 3,000 pods on 1,000 nodes", "/s", 480, 0.5 * 480),
    Budget("schedule_spread", "the same with topology spread", "/s", 315, 0.5 * 315),
    Budget("schedule_antiaffinity", "the same with pod anti-affinity", "/s", 210, 0.5 * 210),
    Budget("hollow_nodes", "5,000 hollow nodes registered", "s", 0, 60, more=False),
    Budget("hollow_pods", "10,000 pods of ten Deployments running on them", "s", 0, 60, more=False),
    Budget("hollow_memory", "memory of all that (PSS)", "MB", 0, 2048, more=False),
)
BY_NAME = {budget.name: budget for budget in BUDGETS}
