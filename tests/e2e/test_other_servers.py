"""The application alone: under stock gunicorn with threads, which knows nothing of us, and as `sampan apiserver`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import ROOT, Cluster, free_port, until

PREPARE = (
    "from sampan.settings import load; from sampan.supervisor.cluster import load_plugins, prepare; "
    "s = load(); prepare(s, load_plugins(s))"
)


@pytest.fixture(params=["gthread", "sampan"])
def cluster(request: pytest.FixtureRequest, tmp_path: Path, tools: Path) -> Iterator[Cluster]:
    """Only an API server; nothing reconciles."""
    port = free_port()
    home = tmp_path / "home"
    home.mkdir()
    (home / "sampan.yaml").write_text(
        f"api: {{port: {port}}}\nnode: {{runtime: exec}}\nnetwork: {{service_cidr: 10.104.0.0/16}}\n"
    )
    cluster = Cluster(home, "exec", port, "", tools)
    subprocess.run([sys.executable, "-c", PREPARE], env=cluster.env, cwd=ROOT, check=True)
    pki = home / "pki"
    argv = [
        sys.executable, "-m", "gunicorn", "sampan.apiserver.wsgi:app", "--worker-class", "gthread", "--threads", "16",
        "--bind", f"127.0.0.1:{port}", "--certfile", f"{pki}/server.crt", "--keyfile", f"{pki}/server.key",
        "--ca-certs", f"{pki}/client-ca.crt", "--cert-reqs", "1", "--no-control-socket", "--graceful-timeout", "2",
    ]  # fmt: skip
    if request.param == "sampan":
        argv = [str(Path(sys.executable).parent / "sampan"), "apiserver"]
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen(argv, env=cluster.env, cwd=ROOT, stdout=log, stderr=log)
    try:
        until(
            lambda: "ok" in cluster.kubectl("get", "--raw", "/readyz", check=False), 20, (tmp_path / "log").read_text()
        )
        yield cluster
    finally:
        os.kill(server.pid, signal.SIGTERM)
        server.wait(15)


def test_kubectl_works_with_client_certificates(cluster):
    assert "admin" in cluster.kubectl("auth", "whoami")
    cluster.kubectl("create", "configmap", "a", "--from-literal=k=v")
    cluster.kubectl("patch", "configmap", "a", "--type=merge", "-p", '{"data":{"k":"w"}}')
    assert cluster.get("configmap", "a")["data"] == {"k": "w"}
    assert "ConfigMap" in cluster.kubectl("api-resources")


def test_watches_and_bad_input_work_too(cluster):
    watching = cluster.popen("get", "configmaps", "-w", "-o", "name", stdout=subprocess.PIPE)
    try:
        assert watching.stdout.readline().strip() == "configmap/kube-root-ca.crt"
        cluster.kubectl("create", "configmap", "b")
        assert watching.stdout.readline().strip() == "configmap/b"
    finally:
        watching.terminate()
        watching.wait(10)
        watching.stdout.close()
    assert "Invalid value" in cluster.kubectl("create", "configmap", "Not-A-Name", check=False)
