"""What is left when a process is killed in the middle of things: nothing, once it is back or `down` was asked."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from clusters import Cluster, start, until

from sampan_operate.supervisor.state import is_alive

pytestmark = pytest.mark.kubectl


def kill(cluster: Cluster, name: str) -> None:
    pid = cluster.process(name)["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: cluster.process(name)["pid"] not in (0, pid))


def commands() -> list[str]:
    """The command lines of all processes of this machine."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def running(mark: str) -> list[str]:
    """Containers' processes, told by a word in their command line (both runtimes run on this kernel)."""
    return [line for line in commands() if mark in line and "kubectl" not in line]


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.3])
def test_an_agent_killed_while_pods_start_leaves_one_container_for_each(cluster, namespace, moment):
    mark = f"marked-{namespace}"
    pods = [cluster.pod(f"p{n}", f": {mark}; while true; do sleep 1; done") for n in range(3)]
    cluster.apply(*pods)
    time.sleep(moment)
    kill(cluster, "node")

    cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=120s")
    until(lambda: len(running(mark)) == 3, why="one shell a pod")
    cluster.kubectl("delete", "pod", "--all")

    until(lambda: not running(mark), why="nothing runs on")


def test_an_agent_killed_while_pods_stop_ends_them_all_the_same(cluster, namespace):
    mark = f"marked-{namespace}"
    script = f": {mark}; trap '' TERM; while true; do sleep 0.2; done"
    cluster.apply(*[cluster.pod(f"p{n}", script, terminationGracePeriodSeconds=3) for n in range(2)])
    cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=120s")
    cluster.kubectl("delete", "pod", "--all", "--wait=false")
    time.sleep(0.5)
    kill(cluster, "node")

    until(lambda: not cluster.get("pods")["items"])
    until(lambda: not running(mark), why="nothing runs on")


def test_an_agent_killed_during_an_exec_takes_the_command_with_it(cluster, namespace):
    mark = f"marked-{namespace}"
    cluster.apply(cluster.pod("box", "while true; do sleep 1; done"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/box", "--timeout=120s")
    client = cluster.popen("exec", "box", "--", "sh", "-c", f": {mark}; while true; do sleep 1; done")
    try:
        until(lambda: running(mark))
        kill(cluster, "node")
        assert client.wait(90) != 0
    finally:
        client.kill()
        client.wait()
    if cluster.runtime == "exec":  # Docker's own commands end with their container
        until(lambda: not running(mark))
    cluster.kubectl("delete", "pod", "box")
    until(lambda: not running(mark))


@pytest.mark.docker
def test_a_pod_whose_containers_the_daemon_lost_comes_back(docker_cluster, request):
    """What a restart of the Docker daemon does to pods: all of them end at once, sandboxes too."""
    cluster = docker_cluster
    cluster.apply(cluster.pod("lost", "while true; do sleep 1; done"))
    request.addfinalizer(lambda: cluster.kubectl("delete", "pod", "lost"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/lost", "--timeout=120s")
    uid = cluster.get("pod", "lost")["metadata"]["uid"]
    listed = ["docker", "ps", "-q", "--filter", f"label=sampan.dev/pod-uid={uid}"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["docker", "kill", *names], capture_output=True, check=False)  # one may end with another

    until(lambda: cluster.get("pod", "lost")["status"]["containerStatuses"][0]["restartCount"] >= 1)

    cluster.kubectl("wait", "--for=condition=Ready", "pod/lost", "--timeout=120s")


def kill_supervisor(cluster: Cluster) -> dict:
    """Its last state, once it has ended."""
    before = cluster.state()
    os.kill(before["pid"], signal.SIGKILL)
    until(lambda: not is_alive(before))
    return before


@pytest.mark.parametrize("runtime", ["exec", "docker"])
def test_a_killed_supervisor_is_taken_over_by_up_and_down_ends_what_it_left(tmp_path, tools, runtime, request):
    request.getfixturevalue(f"{runtime}_cluster")  # for the image
    mark = f"marked-{runtime}-{os.getpid()}-{tmp_path.name}"
    cluster = start(tmp_path / "home", runtime, tools)
    memory = [{"name": "m", "emptyDir": {"medium": "Memory"}}]
    mounts = {"volumeMounts": [{"name": "m", "mountPath": "/m"}]}
    cluster.apply(cluster.pod("web", f": {mark}; while true; do sleep 1; done", volumes=memory, container=mounts))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=120s")
    uid = cluster.get("pod", "web")["metadata"]["uid"]
    first = cluster.get("pod", "web")["status"]["containerStatuses"][0]
    kill_supervisor(cluster)

    cluster.sampan("up")  # pods run on

    now = cluster.get("pod", "web")["status"]["containerStatuses"][0]
    assert (now["containerID"], now["restartCount"]) == (first["containerID"], 0)
    before = kill_supervisor(cluster)

    said = cluster.sampan("down")

    assert "killed" in said or "nothing runs" in said
    assert not running(mark)
    assert not [one["name"] for one in before["processes"] if is_alive(one)]
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()
    assert not [line for line in commands() if str(tmp_path) in line]
    if runtime == "docker":
        listed = ["docker", "ps", "-a", "-q", "--filter", f"label=sampan.dev/pod-uid={uid}"]
        assert subprocess.run(listed, capture_output=True, text=True, check=True).stdout == ""
