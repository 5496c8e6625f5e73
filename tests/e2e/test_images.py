"""Images from a registry: a real one (Debian's docker-registry) on loopback."""

from __future__ import annotations

import contextlib
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


def docker(*args: str, text: str = "") -> bool:
    return subprocess.run(["docker", *args], input=text.encode(), capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def registry(folder: Path, *, http: str = "", rest: str = "") -> Iterator[str]:
    """Its host and port, once it runs."""
    program = next(
        (p for p in ("/usr/bin/docker-registry", "/usr/local/bin/docker-registry") if os.path.exists(p)), None
    )
    assert program, "these tests need Debian's docker-registry (tools/install-test-needs)"
    port = free_port()
    (folder / "registry.yml").write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}/images}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'{http}}}\n{rest}"
    )
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen([program, "serve", str(folder / "registry.yml")], stdout=log, stderr=log)
    try:
        yield f"localhost:{port}"
    finally:
        server.terminate()
        server.wait(90)


@pytest.fixture
def pushed(docker_cluster: Cluster, tmp_path: Path) -> Iterator[str]:
    """An image that only the registry has."""
    with registry(tmp_path) as where:
        name = f"{where}/e2e/busybox:pulled"
        try:
            assert docker("tag", BUSYBOX, name)
            until(lambda: docker("push", name))
            assert docker("image", "rm", name)
            yield name
        finally:
            docker("image", "rm", "-f", name)


@pytest.fixture
def locked(docker_cluster: Cluster, tmp_path: Path) -> Iterator[str]:
    """The same in a registry with TLS that wants the user ``ada`` with the password ``secret``."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "crt")], check=True, capture_output=True,
    )  # fmt: skip
    hashed = subprocess.run(
        ["perl", "-e", 'print crypt("secret", "\\$2y\\$05\\$abcdefghijklmnopqrstuu")'],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    (tmp_path / "htpasswd").write_text(f"ada:{hashed}\n")
    tls = f", tls: {{certificate: {tmp_path}/crt, key: {tmp_path}/key}}"
    with registry(tmp_path, http=tls, rest=f"auth: {{htpasswd: {{realm: e2e, path: {tmp_path}/htpasswd}}}}\n") as where:
        name, config = f"{where}/e2e/busybox:locked", str(tmp_path / "docker")
        try:
            assert docker("tag", BUSYBOX, name)
            until(lambda: docker("--config", config, "login", "-u", "ada", "--password-stdin", where, text="secret"))
            assert docker("--config", config, "push", name)
            assert docker("image", "rm", name)
            yield name
        finally:
            docker("image", "rm", "-f", name)


def test_an_image_is_pulled_from_the_registry(cluster, namespace, pushed):
    cluster.apply(cluster.pod("pulls", "echo pulled", restartPolicy="Never", container={"image": pushed}))

    until(lambda: cluster.get("pod", "pulls")["status"].get("phase") == "Succeeded")

    assert cluster.kubectl("logs", "pulls") == "pulled\n"
    until(lambda: "Successfully pulled image" in cluster.kubectl("get", "events", "--field-selector=reason=Pulled"))


def test_an_absent_image_is_said_clearly(cluster, namespace, pushed):
    missing = pushed.replace("pulled", "missing")
    cluster.apply(cluster.pod("waits", "true", container={"image": missing}))

    def reason() -> str:
        statuses = cluster.get("pod", "waits")["status"].get("containerStatuses", [])
        return statuses[0].get("state", {}).get("waiting", {}).get("reason", "") if statuses else ""

    until(lambda: reason() in ("ErrImagePull", "ImagePullBackOff"))
    until(lambda: reason() == "ImagePullBackOff")
    row = ("get", "pod", "waits")
    until(lambda: any(word in cluster.kubectl(*row) for word in ("ImagePullBackOff", "ErrImagePull")))


def test_a_pull_secret_opens_a_registry_with_a_password(cluster, namespace, locked):
    where = locked.partition("/")[0]
    cluster.apply(cluster.pod("shut-out", "true", container={"image": locked}))
    until(lambda: "ErrImagePull" in cluster.kubectl("get", "events", "--field-selector=involvedObject.name=shut-out"))

    cluster.kubectl(
        "create", "secret", "docker-registry", "key", f"--docker-server={where}", "--docker-username=ada",
        "--docker-password=secret",
    )  # fmt: skip
    cluster.apply(
        cluster.pod("let-in", "echo in", restartPolicy="Never", container={"image": locked},
                    imagePullSecrets=[{"name": "key"}])
    )  # fmt: skip

    until(lambda: cluster.get("pod", "let-in")["status"].get("phase") == "Succeeded")
    assert cluster.kubectl("logs", "let-in") == "in\n"
