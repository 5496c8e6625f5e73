"""What pods of hollow nodes are said to use: what their annotations say, else a little. Pure.

Source: the kubelet's /metrics/resource; KWOK's annotations for usage.
"""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import parse_time
from sampan_machinery.quantities import is_quantity, parse

CPU, MEMORY = "kwok.x-k8s.io/usage-cpu", "kwok.x-k8s.io/usage-memory"
LITTLE = ("1m", "1Mi")


def usage_of(pod: Object) -> tuple[float, float]:
    """(CPU in cores, memory in bytes) of each of its containers."""
    annotations = pod["metadata"].get("annotations") or {}
    return _number(annotations.get(CPU), LITTLE[0]), _number(annotations.get(MEMORY), LITTLE[1])


def _number(text: str | None, otherwise: str) -> float:
    return float(parse(text if text and is_quantity(text) else otherwise))


def exposition(pods: Sequence[Object], now: float) -> str:
    """In Prometheus' text format, as the kubelet serves it."""
    stamp, lines, cpu_all, memory_all = int(now * 1000), [], 0.0, 0.0
    for pod in pods:
        if (pod.get("status") or {}).get("phase") != "Running":
            continue
        cpu, memory = usage_of(pod)
        began = (pod.get("status") or {}).get("startTime") or pod["metadata"]["creationTimestamp"]
        age = max(0.0, now - parse_time(began))
        where = f'namespace="{pod["metadata"]["namespace"]}",pod="{pod["metadata"]["name"]}"'
        for container in pod["spec"]["containers"]:
            labels = f'container="{container["name"]}",{where}'
            lines.append(f"container_cpu_usage_seconds_total{{{labels}}} {cpu * age:.6f} {stamp}")
            lines.append(f"container_memory_working_set_bytes{{{labels}}} {memory:.0f} {stamp}")
            lines.append(f"container_start_time_seconds{{{labels}}} {now - age:.3f}")
            cpu_all, memory_all = cpu_all + cpu * age, memory_all + memory
    lines.append(f"node_cpu_usage_seconds_total {cpu_all:.6f} {stamp}")
    lines.append(f"node_memory_working_set_bytes {memory_all:.0f} {stamp}")
    return "\n".join([*lines, "scrape_error 0", ""])
