"""A CSI driver as a process of its own, over gRPC: from its registration to the removal of its volumes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import Cluster, until

pytestmark = [pytest.mark.kubectl, pytest.mark.root]

NAME = "d.test"  # with the home before it, a socket's path has 107 bytes at most
WAIT = "--timeout=120s"
SCRIPT = Path(__file__).parent / "support" / "csidriver.py"


class Driver:
    def __init__(self, cluster: Cluster, data: Path) -> None:
        self.data = data
        registry = cluster.home / "components" / "csi" / "plugins_registry"
        argv = [sys.executable, str(SCRIPT), NAME, str(registry), str(data)]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "serving\n":
            self.process.communicate(timeout=150)
            raise AssertionError("the driver does not serve; its words are above")
        self._socket = registry / f"{NAME}-reg.sock"

    def methods(self) -> list[str]:
        lines = (self.data / "calls").read_text().splitlines(keepends=True)
        return [json.loads(line)["method"] for line in lines if line.endswith("\n")]  # the last may be half written

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=150)
        self._socket.unlink(missing_ok=True)


@pytest.fixture
def driver(cluster: Cluster, namespace: str, tmp_path: Path) -> Iterator[Driver]:
    made = {
        "apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": NAME},
        "spec": {"attachRequired": True, "podInfoOnMount": True, "fsGroupPolicy": "File",
                 "volumeLifecycleModes": ["Persistent", "Ephemeral"]},
    }  # fmt: skip
    storage_class = {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": f"csi-{namespace}"},
        "provisioner": NAME, "volumeBindingMode": "WaitForFirstConsumer",
    }  # fmt: skip
    cluster.apply(made, storage_class)
    found = Driver(cluster, tmp_path / "driver")
    until(lambda: NAME in cluster.kubectl("get", "csinodes", "-o", "yaml"))
    yield found
    found.stop()
    until(lambda: NAME not in cluster.kubectl("get", "csinodes", "-o", "yaml"))
    cluster.kubectl("delete", "csidriver", NAME)
    cluster.kubectl("delete", "storageclass", f"csi-{namespace}")


def apply(cluster: Cluster, namespace: str) -> None:
    claim = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {"storageClassName": f"csi-{namespace}", "accessModes": ["ReadWriteOnce"],
                 "resources": {"requests": {"storage": "1Gi"}}},
    }  # fmt: skip
    volumes = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "own", "csi": {"driver": NAME}},
    ]
    mounts = [{"name": "data", "mountPath": "/data"}, {"name": "own", "mountPath": "/own"}]
    script = "echo started >> /data/log; echo own > /own/file; sleep 1000"
    security = {"fsGroup": 2345}
    pod = cluster.pod("web", script, volumes=volumes, container={"volumeMounts": mounts}, securityContext=security)
    cluster.apply(claim, pod)
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", WAIT)


def test_a_volume_lives_from_its_creation_to_its_removal(cluster, namespace, driver):
    apply(cluster, namespace)
    volume = cluster.get("pv", cluster.get("pvc", "data")["spec"]["volumeName"])
    place = driver.data / volume["spec"]["csi"]["volumeHandle"]
    until(lambda: (place / "log").exists() and (place / "log").read_text() == "started\n")
    assert os.stat(place).st_gid == 2345
    assert "AttachVolume.Attach succeeded" in until(
        lambda: (said := cluster.kubectl("describe", "pod", "web")) and "AttachVolume" in said and said
    )
    (attachment,) = (
        one for one in cluster.get("volumeattachments")["items"]
        if one["spec"]["source"]["persistentVolumeName"] == volume["metadata"]["name"]
    )  # fmt: skip
    assert attachment["status"]["attached"] is True

    cluster.kubectl("delete", "pod", "web", "--now")
    cluster.kubectl("wait", "--for=delete", f"volumeattachment/{attachment['metadata']['name']}", WAIT)
    cluster.kubectl("delete", "pvc", "data")
    cluster.kubectl("wait", "--for=delete", f"pv/{volume['metadata']['name']}", WAIT)

    assert not place.exists()
    order = list(dict.fromkeys(name for name in driver.methods() if "Volume" in name))
    assert order[-4:] == ["NodeUnpublishVolume", "NodeUnstageVolume", "ControllerUnpublishVolume", "DeleteVolume"]
    until(lambda: str(driver.data) not in Path("/proc/self/mountinfo").read_text())


def test_a_pod_keeps_its_volume_over_a_restart_of_the_node_agent(cluster, namespace, driver):
    apply(cluster, namespace)
    pid = cluster.process("node")["pid"]

    os.kill(pid, signal.SIGKILL)
    until(lambda: cluster.process("node")["pid"] not in (0, pid))
    until(lambda: driver.methods().count("NotifyRegistrationStatus") >= 2)
    # The agent that was started again listens on another port, which its Node tells a moment later.
    once = "grep -q again /data/log || echo again >> /data/log; cat /data/log"
    until(lambda: cluster.kubectl("exec", "web", "--", "sh", "-c", once, check=False) == "started\nagain\n")

    cluster.kubectl("delete", "pod", "web", "--now")
    until(lambda: "NodeUnstageVolume" in driver.methods())
    cluster.kubectl("delete", "pvc", "data")
    until(lambda: "DeleteVolume" in driver.methods())
