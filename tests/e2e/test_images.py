"""Images from a registry: a real one (Debian's docker-registry) on loopback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import BUSYBOX, Cluster, free_port, until

pytestmark = pytest.mark.docker


@pytest.fixture
def cluster(docker_cluster: Cluster) -> Cluster:
    return docker_cluster


@pytest.fixture
def pushed(docker_cluster: Cluster, tmp_path: Path) -> Iterator[str]:
    """An image that only the registry has."""
    program = next(
        (p for p in ("/usr/bin/docker-registry", "/usr/local/bin/docker-registry") if os.path.exists(p)), None
    )
    assert program, "these tests need Debian's docker-registry (tools/install-test-needs)"
    port = free_port()
    (tmp_path / "registry.yml").write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/images}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen([program, "serve", str(tmp_path / "registry.yml")], stdout=log, stderr=log)
    name = f"localhost:{port}/e2e/busybox:pulled"

    def docker(*args: str) -> bool:
        return subprocess.run(["docker", *args], capture_output=True, check=False).returncode == 0

    try:
        assert docker("tag", BUSYBOX, name)
        until(lambda: docker("push", name), 20)
        assert docker("image", "rm", name)
        yield name
    finally:
        docker("image", "rm", "-f", name)
        server.terminate()
        server.wait(10)


def test_an_image_is_pulled_from_the_registry(cluster, namespace, pushed):
    cluster.apply(cluster.pod("pulls", "echo pulled", restartPolicy="Never", container={"image": pushed}))

    until(lambda: cluster.get("pod", "pulls")["status"].get("phase") == "Succeeded", 60)

    assert cluster.kubectl("logs", "pulls") == "pulled\n"
    assert "Successfully pulled image" in cluster.kubectl("get", "events", "--field-selector=reason=Pulled")


def test_an_absent_image_is_said_clearly(cluster, namespace, pushed):
    missing = pushed.replace("pulled", "missing")
    cluster.apply(cluster.pod("waits", "true", container={"image": missing}))

    def reason() -> str:
        statuses = cluster.get("pod", "waits")["status"].get("containerStatuses", [])
        return statuses[0].get("state", {}).get("waiting", {}).get("reason", "") if statuses else ""

    until(lambda: reason() in ("ErrImagePull", "ImagePullBackOff"))
    until(lambda: reason() == "ImagePullBackOff")
    assert "ImagePullBackOff" in cluster.kubectl("get", "pod", "waits") or "ErrImagePull" in cluster.kubectl(
        "get", "pod", "waits"
    )
