"""What monitoring reads of a kubelet beside its resource metrics: cAdvisor's names, probe counts, the configuration.

Source: cAdvisor's Prometheus metrics, kubelet's prober metrics, kubelet.config.k8s.io/v1beta1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sampan_machinery import quantities
from sampan_node.api import metrics

PERIOD = 100_000  # microseconds of a cpu quota


def cadvisor(agent: Any) -> str:
    """Prometheus text: use and limits of each container that runs, size of the machine."""
    return "\n".join(_cadvisor_lines(agent)) + "\n"


def _cadvisor_lines(agent: Any) -> Iterator[str]:
    found = metrics.uses(agent)
    containers = {(one.pod_uid, one.name): one for one in agent.host.runtime.containers() if one.state == "running"}
    seen = [(use, containers.get((use.reference["uid"], use.container))) for use in found]
    rows = [(_labels(use, one), use, one.applied if one else None) for use, one in seen]
    yield from _family("container_cpu_usage_seconds_total", "counter", (
        (labels, f"{use.cpu / 1e9:.6f}") for labels, use, _ in rows
    ))  # fmt: skip
    yield from _family("container_memory_working_set_bytes", "gauge", (
        (labels, str(use.memory)) for labels, use, _ in rows
    ))  # fmt: skip
    yield from _family("container_start_time_seconds", "gauge", (
        (labels, f"{use.started:.3f}") for labels, use, _ in rows if use.started
    ))  # fmt: skip
    limits = [(labels, applied) for labels, _, applied in rows if applied]
    yield from _family("container_spec_cpu_shares", "gauge", ((labels, str(it[0])) for labels, it in limits))
    yield from _family("container_spec_cpu_quota", "gauge", ((labels, str(it[1])) for labels, it in limits if it[1]))
    yield from _family("container_spec_cpu_period", "gauge", ((labels, str(PERIOD)) for labels, it in limits if it[1]))
    yield from _family("container_spec_memory_limit_bytes", "gauge", ((labels, str(it[2])) for labels, it in limits))
    offered = agent.host.allocatable
    yield from _family("machine_cpu_cores", "gauge", [("", offered.get("cpu", "0"))])
    yield from _family("machine_memory_bytes", "gauge", [("", str(quantities.whole(offered.get("memory", "0"))))])


def _labels(use: metrics.ContainerUsage, one: Any) -> str:
    reference = use.reference
    return _text(
        container=use.container, id=f"/{one.id}" if one else "", image=one.image if one else "",
        name=one.id if one else "", namespace=reference["namespace"], pod=reference["name"],
    )  # fmt: skip


def _text(**labels: str) -> str:
    escaped = {
        name: value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for name, value in labels.items()
    }
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped.items()) + "}"


def _family(name: str, kind: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    for labels, value in rows:
        yield f"{name}{labels} {value}"


def probes(agent: Any) -> str:
    """Prometheus text: how often each probe of each container succeeded and failed."""
    rows = []
    for worker in agent.workers():
        meta = worker.pod["metadata"]
        for (container, kind, ok), count in sorted(worker.memory.probes.items()):
            labels = _text(
                container=container, namespace=meta["namespace"], pod=meta["name"], pod_uid=meta["uid"],
                probe_type=kind.capitalize(), result="successful" if ok else "failed",
            )  # fmt: skip
            rows.append((labels, str(count)))
    return "\n".join(_family("prober_probe_total", "counter", rows)) + "\n"


def volume_stats(agent: Any) -> str:
    """Prometheus text: what the volumes of claims have and use, with kubelet's names."""
    namespaces = {worker.pod["metadata"]["uid"]: worker.pod["metadata"]["namespace"] for worker in agent.workers()}
    found = {
        (namespaces[uid], one.claim): one.usage
        for uid, volumes in agent.volumes().items() for one in volumes if one.claim and uid in namespaces
    }  # fmt: skip
    lines: list[str] = []
    for field in ("capacity_bytes", "used_bytes", "available_bytes", "inodes", "inodes_used", "inodes_free"):
        amounts = [(key, getattr(usage, field.removesuffix("_bytes"))) for key, usage in sorted(found.items())]
        rows = [(_text(namespace=key[0], persistentvolumeclaim=key[1]), str(n)) for key, n in amounts if n is not None]
        if rows:
            lines += _family(f"kubelet_volume_stats_{field}", "gauge", rows)
    return "\n".join(lines) + "\n" if lines else ""


def configz(agent: Any, port: int) -> bytes:
    """The KubeletConfiguration that says what this agent does; fields that mean nothing here are left out."""
    host = agent.host
    config = {
        "kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "address": host.ip, "port": port, "readOnlyPort": 0,
        "authentication": {"x509": {"clientCAFile": "ca.crt"}, "webhook": {"enabled": False},
                           "anonymous": {"enabled": False}},
        "clusterDomain": host.options.cluster_domain,
        "clusterDNS": [host.options.dns_ip] if host.options.dns_ip else [],
        "maxPods": int(host.allocatable.get("pods", "0")),
        "allowedUnsafeSysctls": list(host.sysctls),
        "failSwapOn": False, "seccompDefault": True, "enableServer": True, "serializeImagePulls": False,
    }  # fmt: skip
    return json.dumps({"kubeletconfig": config}).encode()
