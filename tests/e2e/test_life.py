"""The cluster's own life: starting twice, restarts of its parts, stopping without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from clusters import Cluster, start, until

from sampan_settings.reservations import home_id


def test_up_is_harmless_when_repeated(exec_cluster):
    before = exec_cluster.state()["pid"]

    answer = exec_cluster.sampan("up")

    assert "already running" in answer and "export KUBECONFIG=" in answer
    assert exec_cluster.state()["pid"] == before


def test_up_with_another_port_says_what_runs_and_changes_nothing(exec_cluster):
    before = (exec_cluster.home / "sampan.yaml").read_text()

    with pytest.raises(AssertionError, match=rf"api\.port is {exec_cluster.port}, not 7199"):  # it ends with 2
        exec_cluster.sampan("up", "--port", "7199")

    assert (exec_cluster.home / "sampan.yaml").read_text() == before
    until(lambda: f"https://127.0.0.1:{exec_cluster.port} is ready" in well(exec_cluster))


def well(cluster):
    """What `sampan status` says where all is well, which it may not be while something starts again; "" otherwise."""
    try:
        return cluster.sampan("status")
    except AssertionError:
        return ""


def test_status_plugins_and_addons_tell_the_truth(exec_cluster):
    status = until(lambda: well(exec_cluster))

    assert "apiserver" in status and "is ready" in status and "node-exec" in status
    assert "sqlite" in exec_cluster.sampan("plugins", "list")

    def row():
        return next(line for line in exec_cluster.sampan("addons", "list").splitlines() if line.startswith("dns "))

    until(lambda: row().split()[:3] == ["dns", "yes", "runs"])


def test_a_killed_process_comes_back_and_pods_run_on(cluster, namespace):
    cluster.apply(cluster.pod("steady", "while true; do sleep 0.2; done"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/steady", "--timeout=120s")
    before = cluster.get("pod", "steady")["status"]["containerStatuses"][0]

    for name in ("node", "control", "apiserver"):
        pid = cluster.process(name)["pid"]
        os.kill(pid, signal.SIGKILL)
        until(lambda name=name, pid=pid: cluster.process(name)["pid"] not in (0, pid))
    until(lambda: "is ready" in cluster.sampan("status", check=False))

    cluster.kubectl("label", "pod", "steady", "still=here")
    after = until(lambda: cluster.get("pod", "steady")["status"]["containerStatuses"][0])
    assert after["containerID"] == before["containerID"] and after["restartCount"] == 0
    cluster.kubectl("delete", "pod", "steady")


def containers_said_to_run(cluster):
    pods = json.loads(cluster.kubectl("get", "pods", "-o", "json"))["items"]
    return {one.get("containerID") for pod in pods for one in pod["status"].get("containerStatuses", ())}


def test_objects_survive_a_restart_of_the_whole_and_pods_are_told_as_they_are(tmp_path, tools):
    cluster = start(tmp_path / "home", "exec", tools)
    try:
        cluster.kubectl("create", "configmap", "keeps", "--from-literal=k=v")
        cluster.apply(*(cluster.pod(f"p{number}", "sleep 1000") for number in range(20)))
        cluster.kubectl("wait", "--for=condition=Ready", "pods", "--all", "--timeout=120s")
        before = containers_said_to_run(cluster)
        assert len(before) == 20
        cluster.sampan("down")
        cluster.sampan("up")
        assert not containers_said_to_run(cluster) & before  # `down` has removed those
        assert cluster.get("configmap", "keeps")["data"] == {"k": "v"}
        (cluster.home / "sampan.yaml").write_text("apii: {port: 7199}\n")  # a typo: what runs is told and stopped
        status = cluster.sampan("status", check=False)  # a component may not be well yet, right after the start
        assert f"https://127.0.0.1:{cluster.port} is ready" in status and "apii is not a setting" in status
        until(lambda: not [line for line in cluster.sampan("doctor", check=False).splitlines() if line[:4] == "bad "])
    finally:
        cluster.sampan("down")
    assert "not running" in cluster.sampan("status", check=False)


@pytest.mark.docker
def test_down_leaves_no_container_and_no_rule(tmp_path, tools, docker_cluster):
    home = tmp_path / "home"
    home.mkdir()
    (home / "sampan.yaml").write_text("node: {runtime: docker, name: passing}\n")
    cluster = Cluster(home, "docker", 0, docker_cluster.image, tools)
    from clusters import free_port

    cluster.sampan("up", "--port", str(free_port()))
    cluster.apply(cluster.pod("web", "sleep 1000"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=120s")
    uid = cluster.get("pod", "web")["metadata"]["uid"]

    def containers() -> str:
        return subprocess.run(
            ["docker", "ps", "-a", "--no-trunc", "--format", "{{.Names}} {{.Labels}}"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def tables() -> str:
        return subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout

    assert uid in containers()
    assert f"sampan_{home_id(home)}" in tables()
    cluster.sampan("down")

    assert uid not in containers()
    assert f"sampan_{home_id(home)}" not in tables()
    assert str(home) not in Path("/proc/self/mounts").read_text()
