"""What pods use, as /stats/summary and /metrics/resource. Source: kubelet stats/v1alpha1 and resource metrics."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from sampan.objects.metadata import now_text


def summary(agent: Any) -> dict[str, Any]:
    runtime = agent.host.runtime
    usage = {one.container_id: one for one in runtime.usage()}
    pods: dict[str, dict[str, Any]] = {}
    workers = {worker.pod["metadata"]["uid"]: worker for worker in agent.workers()}
    for container in runtime.containers():
        one, worker = usage.get(container.id), workers.get(container.pod_uid)
        if one is None or worker is None:
            continue
        meta = worker.pod["metadata"]
        reference = {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}
        pod = pods.setdefault(container.pod_uid, {"podRef": reference, "containers": []})
        at = now_text(one.at)
        pod["containers"].append({
            "name": container.name, "startTime": now_text(container.started),
            "cpu": {"time": at, "usageCoreNanoSeconds": one.cpu},
            "memory": {"time": at, "workingSetBytes": one.memory},
        })  # fmt: skip
    return {"node": {"nodeName": agent.host.name, **_node()}, "pods": list(pods.values())}


def _node() -> dict[str, Any]:
    at = now_text(time.time())
    with open("/proc/stat") as file:
        ticks = sum(int(word) for index, word in enumerate(file.readline().split()[1:9]) if index not in (3, 4))
    with open("/proc/meminfo") as file:
        memory = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file}
    cpu = ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    used = memory["MemTotal"] - memory["MemAvailable"]
    return {
        "cpu": {"time": at, "usageCoreNanoSeconds": cpu},
        "memory": {"time": at, "workingSetBytes": used, "availableBytes": memory["MemAvailable"]},
    }


def resource(agent: Any) -> str:
    """Prometheus text."""
    told = summary(agent)
    node = told["node"]
    lines = [
        "# TYPE node_cpu_usage_seconds_total counter",
        f"node_cpu_usage_seconds_total {node['cpu']['usageCoreNanoSeconds'] / 1e9:.6f}",
        "# TYPE node_memory_working_set_bytes gauge",
        f"node_memory_working_set_bytes {node['memory']['workingSetBytes']}",
    ]
    rows = [(pod["podRef"], one) for pod in told["pods"] for one in pod["containers"]]
    shown: list[tuple[str, str, Callable[[dict[str, Any]], str]]] = [
        ("container_cpu_usage_seconds_total", "counter", lambda one: f"{one['cpu']['usageCoreNanoSeconds'] / 1e9:.6f}"),
        ("container_memory_working_set_bytes", "gauge", lambda one: str(one["memory"]["workingSetBytes"])),
    ]
    for name, kind, value in shown:
        lines.append(f"# TYPE {name} {kind}")
        lines += [
            f'{name}{{container="{one["name"]}",namespace="{ref["namespace"]}",pod="{ref["name"]}"}} {value(one)}'
            for ref, one in rows
        ]
    return "\n".join(lines) + "\n"
