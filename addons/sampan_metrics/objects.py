"""NodeMetrics and PodMetrics, their lists and Tables. Pure. Source: metrics.k8s.io/v1beta1 (kubernetes/metrics)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Column, Object
from sampan_machinery.columns import NAME
from sampan_machinery.metadata import now_text
from sampan_machinery.quantities import parse
from sampan_metrics.resources import API_VERSION, GROUP, VERSION
from sampan_metrics.usage import Usage


def amounts(cpu: float, memory: int) -> dict[str, str]:
    """As metrics-server writes them: nanocores and kibibytes."""
    return {"cpu": f"{round(cpu * 1e9)}n" if cpu > 0 else "0", "memory": f"{memory // 1024}Ki"}


def node_metrics(metadata: Mapping[str, Any], usage: Usage) -> Object:
    return {**_head("NodeMetrics", metadata, [usage]), "usage": amounts(usage.cpu, usage.memory)}


def pod_metrics(metadata: Mapping[str, Any], containers: Mapping[str, Usage]) -> Object:
    shown = [{"name": name, "usage": amounts(usage.cpu, usage.memory)} for name, usage in sorted(containers.items())]
    return {**_head("PodMetrics", metadata, list(containers.values())), "containers": shown}


def _head(kind: str, metadata: Mapping[str, Any], usages: Sequence[Usage]) -> Object:
    """The time is that of the oldest measurement, the window the longest: all of it is true of no less."""
    at = min(usage.at for usage in usages)
    shown = {"name": metadata["name"], "creationTimestamp": now_text(at)}
    if metadata.get("namespace"):
        shown["namespace"] = metadata["namespace"]
    if metadata.get("labels"):
        shown["labels"] = metadata["labels"]
    window = f"{max(usage.window for usage in usages):.3f}".rstrip("0").rstrip(".")
    return {
        "kind": kind, "apiVersion": API_VERSION, "metadata": shown, "timestamp": now_text(at), "window": f"{window}s",
    }  # fmt: skip


def listed(kind: str, items: Sequence[Object]) -> Object:
    return {"kind": f"{kind}List", "apiVersion": API_VERSION, "metadata": {}, "items": list(items)}


def _total(obj: Object, name: str) -> int:
    if "usage" in obj:
        return int(parse(obj["usage"][name]) * 1000)
    return int(sum(parse(one["usage"][name]) * 1000 for one in obj["containers"]))


def _milli(obj: Object) -> str:
    return f"{_total(obj, 'cpu')}m"


def _mebi(obj: Object) -> str:
    return f"{_total(obj, 'memory') // 1000 >> 20}Mi"


COLUMNS = (
    NAME,
    Column("CPU", _milli, description="Cores in use, in thousandths"),
    Column("Memory", _mebi, description="Working set"),
    Column("Window", lambda obj: obj["window"], description="Over how long cpu was measured"),
)


def discovery() -> Object:
    """The APIResourceList."""
    resources = []
    for plural, kind, namespaced in (("nodes", "NodeMetrics", False), ("pods", "PodMetrics", True)):
        one = {"singularName": "", "namespaced": namespaced}
        resources.append({"name": plural, **one, "kind": kind, "verbs": ["get", "list"]})
        resources.append({"name": f"{plural}/history", **one, "kind": "UsageHistory", "verbs": ["get"]})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": API_VERSION, "resources": resources}


def group() -> Object:
    version = {"groupVersion": API_VERSION, "version": VERSION}
    return {"kind": "APIGroup", "apiVersion": "v1", "name": GROUP, "versions": [version], "preferredVersion": version}
