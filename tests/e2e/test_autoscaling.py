"""A Deployment follows its load: real kubectl, real containers, the metrics add-on's figures."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from clusters import Cluster, until

pytestmark = [pytest.mark.docker, pytest.mark.kubectl]

#: Busy until a file is there.
BURN = "while true; do if [ -e /tmp/idle ]; then sleep 0.1; fi; done"


@pytest.fixture
def cluster(docker_cluster: Cluster) -> Iterator[Cluster]:
    """With the metrics add-on, looking often."""
    docker_cluster.sampan("addons", "configure", "metrics", "interval=1")
    docker_cluster.sampan("addons", "enable", "metrics")
    yield docker_cluster
    docker_cluster.sampan("addons", "disable", "metrics")


def test_replicas_follow_the_load_up_and_down(cluster, namespace):
    resources = {"requests": {"cpu": "40m"}, "limits": {"cpu": "100m"}}
    container = {"name": "main", "image": cluster.image, "command": ["sh", "-c", BURN], "resources": resources}
    labels = {"app": "busy"}
    cluster.apply({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "busy"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
            },
        },
    })  # fmt: skip
    cluster.kubectl("autoscale", "deployment", "busy", "--min=1", "--max=2", "--cpu=50%")
    at_once = {"spec": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}}
    cluster.kubectl("patch", "hpa", "busy", "--type=merge", "-p", json.dumps(at_once))

    until(lambda: _replicas(cluster) == 2, why="two pods under load")

    def row() -> list[str]:
        return cluster.kubectl("get", "hpa", "busy").splitlines()[1].split()

    shown = until(lambda: (now := row())[3].endswith("%/50%") and now)
    assert shown[:2] == ["busy", "Deployment/busy"]
    until(lambda: len(_pods(cluster)) == 2)
    for name in _pods(cluster):
        cluster.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s")
        cluster.kubectl("exec", name, "--", "touch", "/tmp/idle")

    until(lambda: _replicas(cluster) == 1, why="one pod without load")
    for words in (
        "New size: 2; reason: cpu resource utilization (percentage of request) above target",
        "New size: 1; reason: All metrics below target", "ValidMetricFound",
    ):  # fmt: skip
        until(lambda words=words: words in cluster.kubectl("describe", "hpa", "busy"), why=words)


def _replicas(cluster: Cluster) -> int:
    return cluster.get("deployment", "busy")["spec"]["replicas"]


def _pods(cluster: Cluster) -> list[str]:
    return [
        pod["metadata"]["name"]
        for pod in cluster.get("pods", "-l", "app=busy")["items"]
        if pod["status"].get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp")
    ]
