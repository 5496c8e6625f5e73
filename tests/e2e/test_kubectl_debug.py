"""kubectl debug and kubectl cp, unmodified."""

from __future__ import annotations

import os

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl


@pytest.fixture
def box(cluster: Cluster, namespace: str) -> str:
    cluster.apply(cluster.pod("box", "while true; do sleep 0.2; done"))
    cluster.kubectl("wait", "pod/box", "--for=condition=Ready", "--timeout=120s")
    return "box"


def test_an_ephemeral_container_joins_the_running_pod(cluster, box):
    cluster.kubectl("debug", box, f"--image={cluster.image}", "--target=main", "-c", "look", "--", "echo", "seen")

    until(lambda: "seen" in cluster.kubectl("logs", box, "-c", "look", check=False))

    found = cluster.get("pod", box)
    (added,) = found["spec"]["ephemeralContainers"]
    assert (added["name"], added["targetContainerName"]) == ("look", "main")
    (status,) = until(lambda: cluster.get("pod", box)["status"].get("ephemeralContainerStatuses"))
    assert status["name"] == "look" and found["status"]["containerStatuses"][0]["restartCount"] == 0
    assert "Ephemeral Containers:" in cluster.kubectl("describe", "pod", box)


def test_a_copy_of_a_pod_runs_another_command_beside_the_pod(cluster, box):
    command = ("sh", "-c", "echo copied; sleep 100")
    cluster.kubectl("debug", box, "--copy-to=copy", "--container=main", f"--image={cluster.image}", "--", *command)

    until(lambda: "copied" in cluster.kubectl("logs", "copy", check=False))

    assert cluster.get("pod", "copy")["metadata"].get("labels", {}).get("run") is None
    assert cluster.get("pod", box)["status"]["phase"] == "Running"


def test_a_pod_for_a_node_is_placed_there_past_its_taints(exec_cluster, namespace_of_exec):
    cluster = exec_cluster
    node = cluster.kubectl("get", "nodes", "-o", "name").split()[0]

    said = cluster.kubectl("debug", node, f"--image={cluster.image}", "--", "echo", "from the node")

    name = said.split("pod ")[1].split()[0]
    until(lambda: "from the node" in cluster.kubectl("logs", name, check=False))
    spec = cluster.get("pod", name)["spec"]
    assert f"node/{spec['nodeName']}" == node and spec["hostNetwork"] and spec["hostPID"]


@pytest.fixture
def namespace_of_exec(exec_cluster: Cluster):
    exec_cluster.kubectl("create", "namespace", "debugging")
    exec_cluster.kubectl("config", "set-context", "--current", "--namespace=debugging")
    yield "debugging"
    exec_cluster.kubectl("config", "set-context", "--current", "--namespace=default")
    exec_cluster.kubectl("delete", "namespace", "debugging", "--wait=false")


def test_folders_are_copied_in_and_out(cluster, box, tmp_path):
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "deep" / "file").write_bytes(bytes(range(256)) * 1000)
    folder = f"/tmp/copied-{os.urandom(6).hex()}"  # processes without a container of their own share it

    cluster.kubectl("exec", box, "--", "mkdir", "-p", folder)
    cluster.kubectl("cp", str(tree), f"{box}:{folder}/tree")
    cluster.kubectl("cp", f"{box}:{folder}/tree", str(tmp_path / "back"), "-c", "main")

    assert (tmp_path / "back" / "deep" / "file").read_bytes() == (tree / "deep" / "file").read_bytes()
    # with busybox' tar kubectl may end before it has shown what tar says of it
    cluster.kubectl("cp", f"{box}:{folder}/none", str(tmp_path / "none"), check=False)
    assert not (tmp_path / "none").exists()
