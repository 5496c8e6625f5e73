"""kubectl, unmodified, on what containers find in their files: sub-paths, image volumes, /dev."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest
from clusters import BUSYBOX, until

pytestmark = pytest.mark.kubectl


def waiting(cluster, name: str, wanted: str) -> str:
    """The message of the main container once it waits for this reason."""

    def found() -> str:
        statuses = cluster.get("pod", name)["status"].get("containerStatuses") or [{}]
        state = (statuses[0].get("state") or {}).get("waiting") or {}
        return state.get("message", "") if state.get("reason") == wanted else ""

    return str(until(found))


@pytest.mark.parametrize("target", ["{outside}", "../../../../../../../../../../..{outside}", ".."])
def test_a_planted_link_leads_no_sub_path_out_of_its_volume(cluster, namespace, tmp_path, target):
    outside = tmp_path / "outside"
    outside.mkdir()
    link = target.format(outside=outside)
    plant = {"name": "plant", "image": cluster.image, "command": ["sh", "-c", f"ln -s {link} /v/link"],
             "volumeMounts": [{"name": "v", "mountPath": "/v"}]}  # fmt: skip
    mount = {"name": "v", "mountPath": "/m", "subPath": "link/planted/deep"}

    cluster.apply(
        cluster.pod("sub", "sleep 1000", initContainers=[plant], volumes=[{"name": "v", "emptyDir": {}}],
                    container={"volumeMounts": [mount]})
    )  # fmt: skip

    assert waiting(cluster, "sub", "CreateContainerConfigError") == (
        'failed to prepare subPath for volumeMount "v" of container "main": link/planted/deep: leads out of its volume'
    )
    assert list(outside.iterdir()) == []


def test_sub_paths_are_shared_and_outlive_a_restart(cluster, namespace):
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/deep", "subPath": "a/b"}]
    script = "cat /v/a/b/f 2>/dev/null || { echo kept > /deep/f; exit 1; }; sleep 1000"
    pod = cluster.pod("again", script, volumes=[{"name": "v", "emptyDir": {}}], container={"volumeMounts": mounts})
    cluster.apply(pod)

    until(lambda: "kept" in cluster.kubectl("logs", "again", check=False))

    until(lambda: cluster.get("pod", "again")["status"]["containerStatuses"][0]["restartCount"] == 1)


def test_an_image_is_a_volume_where_there_are_images(cluster, namespace):
    volume = {"name": "v", "image": {"reference": BUSYBOX, "pullPolicy": "IfNotPresent"}}
    mounts = [{"name": "v", "mountPath": "/volume"}, {"name": "v", "mountPath": "/programs", "subPath": "bin"}]
    cluster.apply(cluster.pod("shows", "sleep 1000", volumes=[volume], container={"volumeMounts": mounts}))
    if cluster.runtime == "exec":
        assert "the exec runtime has no images" in waiting(cluster, "shows", "CreateContainerError")
        return
    cluster.kubectl("wait", "--for=condition=Ready", "pod/shows", "--timeout=120s")

    script = "cat /volume/etc/passwd; test -x /programs/busybox && : > /volume/new"
    said = cluster.kubectl("exec", "shows", "--", "sh", "-c", script, check=False)

    assert "root:x:0:0:root:/:/bin/sh\n" in said
    assert "Read-only file system" in said


def test_kubectl_run_with_a_terminal(cluster, namespace):
    ours, theirs = pty.openpty()
    command = ["run", "tt", "-i", "--tty", "--rm", "--restart=Never", f"--image={cluster.image}", "--command", "--",
               "sh", "-c", "read x; test -t 0 && test -t 1 && ls -l /proc/self/fd/0; echo got $x"]  # fmt: skip
    process = cluster.popen(*command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    ready = ("wait", "--for=condition=Ready", "pod/tt", "--timeout=5s")
    until(lambda: "condition met" in cluster.kubectl(*ready, check=False), why="kubectl has made the pod, and it runs")
    os.write(ours, b"fish\n")

    said = b""
    while b"got fish" not in said:
        said += os.read(ours, 4096)
    problem = process.communicate(timeout=150)[1]
    os.close(ours)

    assert b"/dev/pts/0" in said
    assert process.returncode == 0, problem
