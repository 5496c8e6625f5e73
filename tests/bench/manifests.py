"""The objects that loads send."""

from __future__ import annotations

import json
import time
from typing import Any

Object = dict[str, Any]

CONFIGMAP: Object = {
    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "NAME", "labels": {"app": "bench"}},
    "data": {f"key-{number}": "x" * 100 for number in range(10)},
}  # fmt: skip

_WEB: Object = {
    "name": "web", "image": "registry.example/web:1.4.2", "ports": [{"containerPort": 8080, "name": "http"}],
    "env": [{"name": f"VAR_{number}", "value": f"value-{number}"} for number in range(8)],
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10},
    "volumeMounts": [{"name": "config", "mountPath": "/etc/web"}],
}  # fmt: skip
_SIDECAR: Object = {
    "name": "sidecar", "image": "registry.example/log:0.9", "args": ["--follow", "/var/log/web"],
    "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
}  # fmt: skip
#: About 2 KB, of two containers; no node matches it.
POD: Object = {
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {
        "name": "NAME", "labels": {"app": "bench", "shard": "SHARD", "tier": "web"},
        "annotations": {"example.org/owner": "bench", "example.org/build": "2f1c9d7"},
    },
    "spec": {
        "nodeSelector": {"bench/none": "true"},
        "containers": [_WEB, _SIDECAR],
        "volumes": [{"name": "config", "configMap": {"name": "web"}}],
        "tolerations": [{"key": "bench", "operator": "Exists", "effect": "NoSchedule"}],
    },
}  # fmt: skip


def named(template: Object, name: str, shard: int = 0) -> Object:
    text = json.dumps(template).replace("NAME", name).replace("SHARD", str(shard))
    found: Object = json.loads(text)
    return found


def sleeper(name: str) -> Object:
    """A pod that any runtime can run."""
    container = {"name": "main", "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["sleep", "600"]}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }  # fmt: skip


def node(number: int, run: str) -> Object:
    """A simulated node of 32 cores, in one of three zones."""
    capacity = {"cpu": "32", "memory": "128Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    ready = {
        "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "simulated",
        "lastHeartbeatTime": now, "lastTransitionTime": now,
    }  # fmt: skip
    labels = {
        "kubernetes.io/hostname": f"{run}-{number}", "bench/sim": run, "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": f"zone-{number % 3}",
    }  # fmt: skip
    return {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": f"{run}-{number}", "labels": labels},
        "status": {"capacity": capacity, "allocatable": capacity, "conditions": [ready]},
    }  # fmt: skip


def scheduled(number: int, mode: str, run: str) -> Object:
    """A pod for the simulated nodes; ``mode`` is basic, spread or antiaffinity."""
    labels = {"app": f"app-{number % 20}"}
    requests = {"cpu": "100m", "memory": "200Mi"}
    spec: Object = {
        "containers": [{"name": "c", "image": "registry.example/app:1", "resources": {"requests": requests}}],
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
