"""What pods use, as /stats/summary and /metrics/resource. Source: kubelet stats/v1alpha1 and resource metrics."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sampan_machinery.metadata import now_text
from sampan_node.volumes.measuring import MeasuredVolume, as_stats

TICKS = os.sysconf("SC_CLK_TCK")
IDLE = (3, 4, 7)  # of the columns of /proc/stat: idle, waiting for a disk, and stolen by the hypervisor


class ContainerUsage(NamedTuple):
    """What one running container has used. cpu: nanoseconds since it started; memory: working set in bytes."""

    reference: Mapping[str, str]  # namespace, name and uid of the pod
    container: str
    started: float
    cpu: int
    memory: int
    at: float


class NodeUsage(NamedTuple):
    """The same of the whole machine."""

    cpu: int
    memory: int
    available: int
    booted: float
    at: float


def uses(agent: Any) -> list[ContainerUsage]:
    """Of every running container of this node's pods, each read once."""
    runtime = agent.host.runtime
    usage = {one.container_id: one for one in runtime.usage()}
    pods = {worker.pod["metadata"]["uid"]: worker.pod["metadata"] for worker in agent.workers()}
    found = []
    for container in runtime.containers():
        one, meta = usage.get(container.id), pods.get(container.pod_uid)
        if one is not None and meta is not None:
            reference = {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}
            found.append(ContainerUsage(reference, container.name, container.started, one.cpu, one.memory, one.at))
    return found


def node_use(proc: str = "/proc") -> NodeUsage:
    with open(f"{proc}/stat") as file:
        lines = file.read().splitlines()
    ticks = sum(int(word) for index, word in enumerate(lines[0].split()[1:9]) if index not in IDLE)
    booted = next((float(line.split()[1]) for line in lines if line.startswith("btime ")), 0.0)
    with open(f"{proc}/meminfo") as file:
        memory = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file}
    used = memory["MemTotal"] - memory["MemAvailable"]
    return NodeUsage(ticks * 1_000_000_000 // TICKS, used, memory["MemAvailable"], booted, time.time())


def _by_pod(found: Iterable[ContainerUsage]) -> list[list[ContainerUsage]]:
    pods: dict[str, list[ContainerUsage]] = {}
    for use in found:
        pods.setdefault(use.reference["uid"], []).append(use)
    return list(pods.values())


def summary(agent: Any) -> dict[str, Any]:
    node, volumes = node_use(), agent.volumes()
    return {
        "node": {
            "nodeName": agent.host.name, "startTime": now_text(node.booted),
            "cpu": {"time": now_text(node.at), "usageCoreNanoSeconds": node.cpu},
            "memory": {
                "time": now_text(node.at), "workingSetBytes": node.memory, "availableBytes": node.available,
            },
        },
        "pods": [_pod_summary(pod, volumes.get(pod[0].reference["uid"]) or []) for pod in _by_pod(uses(agent))],
    }  # fmt: skip


def _pod_summary(pod: list[ContainerUsage], volumes: list[MeasuredVolume]) -> dict[str, Any]:
    namespace = pod[0].reference["namespace"]
    shown = [as_stats(one, namespace, now_text(one.at)) for one in volumes]
    return {
        **({"volume": shown} if shown else {}),
        "podRef": dict(pod[0].reference),
        "startTime": now_text(min(use.started for use in pod)),
        "containers": [{"name": use.container, "startTime": now_text(use.started), **_amounts([use])} for use in pod],
        **_amounts(pod),
    }


def _amounts(found: list[ContainerUsage]) -> dict[str, Any]:
    at = now_text(max(use.at for use in found))
    return {
        "cpu": {"time": at, "usageCoreNanoSeconds": sum(use.cpu for use in found)},
        "memory": {"time": at, "workingSetBytes": sum(use.memory for use in found)},
    }


def resource(agent: Any) -> str:
    """Prometheus text, with the names, labels and times (milliseconds) of the kubelet's resource metrics."""
    return "\n".join(_resource_lines(node_use(), uses(agent))) + "\n"


def _resource_lines(node: NodeUsage, found: list[ContainerUsage]) -> Iterator[str]:
    pods = _by_pod(found)
    yield from _family("node_cpu_usage_seconds_total", "counter", "CPU time of the node in core-seconds", [
        ("", _seconds(node.cpu), node.at),
    ])  # fmt: skip
    yield from _family("node_memory_working_set_bytes", "gauge", "Working set of the node in bytes", [
        ("", str(node.memory), node.at),
    ])  # fmt: skip
    yield from _family(
        "container_cpu_usage_seconds_total", "counter", "CPU time of the container in core-seconds",
        [(_labels(use), _seconds(use.cpu), use.at) for use in found],
    )  # fmt: skip
    yield from _family(
        "container_memory_working_set_bytes", "gauge", "Working set of the container in bytes",
        [(_labels(use), str(use.memory), use.at) for use in found],
    )  # fmt: skip
    yield from _family(
        "container_start_time_seconds", "gauge", "When the container started, since the epoch",
        [(_labels(use), f"{use.started:.3f}", use.at) for use in found if use.started],
    )  # fmt: skip
    yield from _family(
        "pod_cpu_usage_seconds_total", "counter", "CPU time of the pod in core-seconds",
        [(_pod_labels(pod), _seconds(sum(use.cpu for use in pod)), pod[-1].at) for pod in pods],
    )  # fmt: skip
    yield from _family(
        "pod_memory_working_set_bytes", "gauge", "Working set of the pod in bytes",
        [(_pod_labels(pod), str(sum(use.memory for use in pod)), pod[-1].at) for pod in pods],
    )  # fmt: skip
    yield from _family("resource_scrape_error", "gauge", "1 where something could not be read", [("", "0", None)])


def _family(name: str, kind: str, about: str, rows: Iterable[tuple[str, str, float | None]]) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    for labels, value, at in rows:
        yield f"{name}{labels} {value}" + (f" {int(at * 1000)}" if at is not None else "")


def _labels(use: ContainerUsage) -> str:
    reference = use.reference
    return f'{{container="{use.container}",namespace="{reference["namespace"]}",pod="{reference["name"]}"}}'


def _pod_labels(pod: list[ContainerUsage]) -> str:
    reference = pod[0].reference
    return f'{{namespace="{reference["namespace"]}",pod="{reference["name"]}"}}'


def _seconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e9:.6f}"
