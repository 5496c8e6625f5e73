"""What the load consists of: a ConfigMap of 1 KB, a Pod of 2 KB, simulated nodes and the pods to be put on them."""

from __future__ import annotations

import time
from typing import Any

CONFIG_MAP = {
    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "NAME", "labels": {"app": "bench"}},
    "data": {f"key-{number}": "x" * 100 for number in range(10)},
}  # fmt: skip
POD = {
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {
        "name": "NAME", "labels": {"app": "bench", "shard": "SHARD", "tier": "web"},
        "annotations": {"example.org/owner": "bench", "example.org/build": "2f1c9d7"},
    },
    "spec": {
        "nodeSelector": {"bench/none": "true"},  # no node has it: the pods stay pending
        "containers": [
            {
                "name": "web", "image": "web:1.4.2", "ports": [{"containerPort": 8080, "name": "http"}],
                "env": [{"name": f"VAR_{number}", "value": f"value-{number}"} for number in range(8)],
                "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
                "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10},
                "volumeMounts": [{"name": "config", "mountPath": "/etc/web"}],
            },
            {
                "name": "sidecar", "image": "log:0.9", "args": ["--follow", "/var/log/web"],
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
            },
        ],
        "volumes": [{"name": "config", "configMap": {"name": "web"}}],
        "tolerations": [{"key": "bench", "operator": "Exists", "effect": "NoSchedule"}],
    },
}  # fmt: skip


def node(number: int, run: str) -> dict[str, Any]:
    """A Ready node with 32 cores that nobody runs."""
    capacity = {"cpu": "32", "memory": "128Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "simulated"}
    name = f"{run}-{number}"
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name, "bench/sim": run, "topology.kubernetes.io/zone": f"zone-{number % 3}",
            "kubernetes.io/os": "linux",
        }},
        "status": {
            "capacity": capacity, "allocatable": capacity,
            "conditions": [{**ready, "lastHeartbeatTime": now, "lastTransitionTime": now}],
        },
    }  # fmt: skip


def waiting_pod(number: int, mode: str, run: str) -> dict[str, Any]:
    """A pod for the nodes of this run; mode: basic, spread or antiaffinity."""
    labels = {"app": f"app-{number % 20}"}
    spec: dict[str, Any] = {
        "containers": [
            {"name": "c", "image": "app:1", "resources": {"requests": {"cpu": "100m", "memory": "200Mi"}}}
        ],
        "nodeSelector": {"bench/sim": run}, "tolerations": [{"operator": "Exists"}],
    }  # fmt: skip
    if mode == "spread":
        spec["topologySpreadConstraints"] = [{
            "maxSkew": 5, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": labels},
        }]  # fmt: skip
    if mode == "antiaffinity":
        term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": labels}}
        spec["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"s-{number}", "labels": labels}, "spec": spec}
