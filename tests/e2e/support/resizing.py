"""Pods that run until they are ended, and changes of what their containers may use."""

from __future__ import annotations

import json

from clusters import Cluster

IDLE = "trap 'exit 0' TERM; while true; do sleep 0.1; done"
AMOUNTS = {"requests": {"cpu": "20m", "memory": "20Mi"}, "limits": {"cpu": "30m", "memory": "30Mi"}}


def running(cluster: Cluster, name: str, command: str = IDLE, **spec: object) -> dict:
    cluster.apply(cluster.pod(name, command, **spec))
    cluster.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s")
    return cluster.get("pod", name)


def resize(cluster: Cluster, name: str, resources: dict) -> None:
    patch = {"spec": {"containers": [{"name": "main", "resources": resources}]}}
    cluster.kubectl("patch", "pod", name, "--subresource=resize", "-p", json.dumps(patch))


def first_status(cluster: Cluster, name: str) -> dict:
    return cluster.get("pod", name)["status"].get("containerStatuses", [{}])[0]
