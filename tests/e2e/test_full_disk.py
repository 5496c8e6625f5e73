"""A cluster whose disk is full: it says so, takes deletions, and goes on once there is room; nothing is lost."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import Cluster, free_port, until

pytestmark = [pytest.mark.kubectl, pytest.mark.root]
MEGABYTES = 96


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Cluster]:
    """A cluster without a node, whose home is a file system of its own."""
    disk = tmp_path_factory.mktemp("full") / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "none", str(disk)], check=True)
    cluster = Cluster(disk / "home", "", free_port(), "", tools)
    cluster.home.mkdir()
    (cluster.home / "sampan.yaml").write_text(
        f"api: {{port: {cluster.port}}}\nnode: {{enabled: false}}\naddons: []\nlogs: {{megabytes: 1, keep: 0}}\n"
    )
    try:
        cluster.sampan("up")
        yield cluster
    finally:
        cluster.sampan("down", check=False)
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(cluster: Cluster) -> Path:
    filler = cluster.home.parent / "filler"
    with open(filler, "wb", buffering=0) as file:  # what a buffer holds would be written, and refused, at the close
        try:
            while True:
                file.write(b"x" * 65536)
        except OSError:
            return filler


def map_of(name: str) -> dict[str, object]:
    text = base64.b64encode(os.urandom(90_000)).decode()
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": text}}


def refused(cluster: Cluster) -> str:
    """What the first ConfigMap is told that does not fit any more."""
    for number in range(400):
        manifest = map_of(f"more-{os.urandom(4).hex()}-{number}")
        said = cluster.kubectl(
            "create", "-f", "-", check=False, input=json.dumps(manifest)
        )  # fmt: skip
        if "created" not in said:
            return said
    raise AssertionError("the disk takes everything")


def test_a_full_disk_is_told_and_deletions_go_on(small: Cluster) -> None:
    for number in range(5):
        small.kubectl("create", "configmap", f"old-{number}", "--from-literal=a=b")
    filler = fill(small)

    assert "is full" in refused(small)
    until(lambda: "is full" in small.kubectl("get", "--raw", "/readyz?verbose", check=False))
    assert small.kubectl("get", "--raw", "/livez") == "ok"
    until(lambda: "is full" in small.sampan("status", check=False))
    until(lambda: "is full" in small.sampan("doctor", check=False))
    assert small.kubectl("get", "configmap", "old-0", "-o", "name") == "configmap/old-0\n"
    for number in range(5):
        assert "deleted" in small.kubectl("delete", "configmap", f"old-{number}")

    filler.unlink()
    until(lambda: "created" in small.kubectl("create", "configmap", "room", "--from-literal=a=b", check=False))
    until(lambda: small.kubectl("get", "--raw", "/readyz", check=False) == "ok")


def test_up_on_a_full_disk_says_so_and_loses_nothing(small: Cluster) -> None:
    small.kubectl("create", "configmap", "kept", "--from-literal=a=b")
    filler = fill(small)
    refused(small)
    small.sampan("down")

    said = small.sampan("up", check=False)

    assert "Traceback" not in said and "full" in said
    filler.unlink()
    small.sampan("up")
    assert small.kubectl("get", "configmap", "kept", "-o", "name") == "configmap/kept\n"
