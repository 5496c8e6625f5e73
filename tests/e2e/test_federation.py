"""A host and two members, all real, with the real kubectl: what runs on a member that dies runs on the other."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from clusters import Cluster, until
from ports import free_port

pytestmark = pytest.mark.kubectl

HOST = """
api: {{port: {port}}}
addons: [federation]
disable_reconcilers: [deployment-controller, replicaset-controller]
plugins:
  federation: {{probe_seconds: 0.5, failure_seconds: 2, success_seconds: 1, eviction_seconds: 1, summary_seconds: 2}}
"""
MEMBER = """
api: {{port: {port}}}
addons: []
"""
POLICY = {
    "apiVersion": "policy.karmada.io/v1alpha1", "kind": "PropagationPolicy", "metadata": {"name": "web"},
    "spec": {
        "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}],
        "placement": {"spreadConstraints": [{"spreadByField": "region", "minGroups": 1, "maxGroups": 1}]},
    },
}  # fmt: skip
WEB = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
    "spec": {
        "replicas": 2, "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]},
        },
    },
}  # fmt: skip


def begin(folder: Path, tools: Path, config: str, *flags: str) -> Cluster:
    cluster = Cluster(folder, "hollow", free_port(), "", tools)
    folder.mkdir(parents=True)
    (folder / "sampan.yaml").write_text(config.format(port=cluster.port))
    cluster.sampan("up", "--no-node", *flags)
    return cluster


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[dict[str, Cluster]]:
    folder = tmp_path_factory.mktemp("fleet")
    wanted = {"host": (HOST,), "east": (MEMBER, "--hollow", "1"), "west": (MEMBER, "--hollow", "1")}
    with ThreadPoolExecutor(3) as pool:
        begun = {name: pool.submit(begin, folder / name, tools, *args) for name, args in wanted.items()}
    clusters = {name: each.result() for name, each in begun.items()}
    yield clusters
    for cluster in clusters.values():
        cluster.sampan("down", check=False)


def ready(cluster: Cluster, *, name: str = "web") -> int:
    """How many replicas a cluster says are ready."""
    found = cluster.kubectl("get", "deployment", name, "-o", "jsonpath={.status.readyReplicas}", check=False)
    return int(found) if found.isdigit() else 0


def kill(cluster: Cluster) -> None:
    """As a machine that loses its power: the supervisor and all that it supervises at once."""
    state = cluster.state()
    for pid in (state["pid"], *(process["pid"] for process in state["processes"])):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_workload_survives_the_loss_of_a_region(fleet):
    host = fleet["host"]
    for name in ("east", "west"):
        until(lambda: "clusters" in host.kubectl("api-resources", "--api-group=cluster.karmada.io", check=False))
        host.sampan(
            "federation", "join", name, "--cluster-kubeconfig", str(fleet[name].home / "kubeconfig"),
            "--cluster-region", name,
        )  # fmt: skip
    host.kubectl("wait", "--for=condition=Ready", "clusters", "--all", "--timeout=60s", timeout=70)
    host.apply(WEB, POLICY)
    until(lambda: ready(fleet["east"]) == 2, 60, "the first by name of equal members runs it")
    until(lambda: ready(host) == 2, 60, "the host's object says what members say")

    explained = host.sampan("federation", "why", "deployment/web")
    assert "placed on east (2)" in explained and "the spread constraints took others" in explained
    listed = host.sampan("federation", "list")
    assert "east" in listed and "Push" in listed and "True" in listed
    assert "web-deployment" in host.kubectl("get", "rb")
    assert "Deployment" in host.kubectl("get", "work", "-n", "karmada-es-east")

    kill(fleet["east"])
    until(lambda: ready(fleet["west"]) == 2, 60, "its replacement")
    binding = host.get("rb", "web-deployment")
    assert [each["name"] for each in binding["spec"]["clusters"]] == ["west"]
    until(lambda: not host.get("rb", "web-deployment")["spec"].get("gracefulEvictionTasks"), 60)

    fleet["east"].sampan("up", "--no-node", "--hollow", "1")
    until(
        lambda: ready(fleet["east"]) == 0 and "NotFound" in fleet["east"].kubectl("get", "deploy", "web", check=False),
        60,
    )
    assert ready(fleet["west"]) == 2

    taken = json.loads(host.sampan("federation", "list", "-o", "json"))
    assert {each["metadata"]["name"] for each in taken} == {"east", "west"}
    host.sampan("federation", "unjoin", "east", "--cluster-kubeconfig", str(fleet["east"].home / "kubeconfig"))
    assert "east" not in host.sampan("federation", "list")
    assert "karmada" not in fleet["east"].kubectl("get", "clusterroles", "-o", "name")
