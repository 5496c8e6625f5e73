"""The application under other servers: stock gunicorn with threads, also behind nginx, and our own with two workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import quote

import fronts
import load
import pytest
import servers
from clusters import ROOT, Cluster, free_port, until

from sampan_operate.supervisor.state import born

PREPARE = (
    "from sampan_settings.settings import load; from sampan_operate.supervisor.cluster import load_plugins, prepare; "
    "s = load(); prepare(s, load_plugins(s))"
)


@pytest.fixture(params=["gthread", "sampan"])
def cluster(request: pytest.FixtureRequest, tmp_path: Path, tools: Path) -> Iterator[Cluster]:
    """Only an API server; nothing reconciles."""
    port = free_port()
    home = tmp_path / "home"
    home.mkdir()
    (home / "sampan.yaml").write_text(f"api: {{port: {port}}}\nnode: {{runtime: exec}}\n")
    cluster = Cluster(home, "exec", port, "", tools)
    subprocess.run([sys.executable, "-c", PREPARE], env=cluster.env, cwd=ROOT, check=True)
    pki = home / "pki"
    argv = [
        sys.executable, "-m", "gunicorn", "sampan_server.wsgi:app", "--worker-class", "gthread", "--threads", "16",
        "--bind", f"127.0.0.1:{port}", "--certfile", f"{pki}/server.crt", "--keyfile", f"{pki}/server.key",
        "--ca-certs", f"{pki}/client-ca.crt", "--cert-reqs", "1", "--no-control-socket", "--graceful-timeout", "2",
    ]  # fmt: skip
    if request.param == "sampan":
        argv = [str(Path(sys.executable).parent / "sampan"), "apiserver"]
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen(argv, env=cluster.env, cwd=ROOT, stdout=log, stderr=log)
    try:
        until(
            lambda: "ok" in cluster.kubectl("get", "--raw", "/readyz", check=False), why=(tmp_path / "log").read_text()
        )
        yield cluster
    finally:
        os.kill(server.pid, signal.SIGTERM)
        server.wait(90)


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
        watching.wait(90)
        watching.stdout.close()
    assert "Invalid value" in cluster.kubectl("create", "configmap", "Not-A-Name", check=False)


@pytest.fixture(scope="module", params=["ours", "gthread"])
def over_tls(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tools: Path
) -> Iterator[fronts.Fronted]:
    """nginx reaches gunicorn over TLS, as from another machine; gunicorn's workers are ours or stock ones."""
    front = fronts.new(tmp_path_factory.mktemp("tls") / "home", tools, tls=True)
    stock = ("-k", "gthread", "--threads", "16", "--cert-reqs", "1", "--graceful-timeout", "2")
    try:
        front.start(*(stock if request.param == "gthread" else ()))
        yield front
    finally:
        front.stop()


def test_nginx_on_another_machine_passes_certificates_and_tokens_on(over_tls):
    cluster = over_tls.cluster
    anonymous = ("--kubeconfig=/dev/null", f"--server=https://127.0.0.1:{cluster.port}",
              f"--certificate-authority={over_tls.home}/pki/ca.crt")  # fmt: skip

    assert "system:masters" in cluster.kubectl("auth", "whoami")
    assert "e2e" in cluster.kubectl(*anonymous, "--token=e2e-token", "auth", "whoami")
    watching = cluster.popen("get", "configmaps", "-w", "-o", "name", stdout=subprocess.PIPE)
    try:
        assert watching.stdout.readline().strip() == "configmap/kube-root-ca.crt"
        cluster.kubectl("create", "configmap", "c")
        assert watching.stdout.readline().strip() == "configmap/c"
    finally:
        watching.terminate()
        watching.wait(90)
        watching.stdout.close()


@pytest.mark.parametrize("port", ["cluster", "direct"])
def test_headers_are_believed_from_nginx_only_there_too(over_tls, port):
    admin = quote((over_tls.home / "pki" / "clients" / "admin.crt").read_text())
    forged = {"X-Client-Verify": "SUCCESS", "X-Client-Cert": admin, "X-Remote-User": "root", "X_Remote_User": "root"}
    for headers in (forged, {name.replace("-", "_"): value for name, value in forged.items()}):
        connection = HTTPSConnection(
            "127.0.0.1", over_tls.direct if port == "direct" else over_tls.cluster.port,
            context=load.context(over_tls.home, ""), timeout=90,
        )  # fmt: skip
        connection.request("GET", "/api/v1/namespaces", headers=headers)
        assert connection.getresponse().status in (400, 401)
        connection.close()


def test_a_server_of_two_that_is_killed_is_passed_over(tmp_path, tools):
    front = fronts.new(tmp_path / "home", tools, tls=True, second=free_port())
    try:
        front.start()
        connection = HTTPSConnection("127.0.0.1", front.cluster.port, context=load.context(front.home), timeout=90)
        asked(connection, "POST", load.PATH, {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}})
        for _ in range(10):
            asked(connection, "GET", f"{load.PATH}/a")
        second = front.running["second"].pid
        servers.stop(second)  # it forks no worker while they are counted
        family = (second, *front.children(second))
        for pid in family:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(born(pid) for pid in family), why="what is about to end takes connections yet")
        for _ in range(4):  # which of the two gets a request is nginx's choice: reads find out who is gone
            asked(connection, "GET", f"{load.PATH}/a")

        for number in range(10):
            made = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": f"b-{number}"}}
            asked(connection, "GET", f"{load.PATH}/a")
            asked(connection, "POST", load.PATH, made)
        connection.close()
    finally:
        front.stop()


def test_sampan_up_has_several_workers_if_told(tmp_path, tools):
    home = tmp_path / "home"
    home.mkdir()
    cluster = Cluster(home, "exec", free_port(), "", tools)
    (home / "sampan.yaml").write_text(
        f"api: {{port: {cluster.port}, workers: 2}}\nnode: {{enabled: false}}\naddons: []\n"
    )
    cluster.sampan("up")
    try:
        connections = [
            HTTPSConnection("127.0.0.1", cluster.port, context=load.context(home), timeout=90) for _ in range(8)
        ]
        made = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "shared"}, "data": {}}
        asked(connections[0], "POST", load.PATH, made)
        for number, connection in enumerate(connections * 5):  # each reads what the last one wrote
            read = asked(connection, "GET", f"{load.PATH}/shared")
            assert read.get("data", {}) == ({"n": str(number - 1)} if number else {})
            asked(connection, "PATCH", f"{load.PATH}/shared", {"data": {"n": str(number)}})
        for number in range(7):
            asked(connections[number], "POST", load.PATH, {**made, "metadata": {"name": f"page-{number}"}})
        names, token = [], ""
        for connection in connections:  # each page by another connection
            page = asked(connection, "GET", f"{load.PATH}?limit=2&continue={quote(token)}")
            names += [item["metadata"]["name"] for item in page["items"]]
            token = page["metadata"].get("continue", "")
            if not token:
                break
        assert names == ["kube-root-ca.crt", *(f"page-{number}" for number in range(7)), "shared"]
        for connection in connections:
            connection.close()
    finally:
        cluster.sampan("down")


def asked(connection: HTTPSConnection, method: str, path: str, body: object = None) -> dict:
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": kind})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    assert answer.status < 300, str(content)
    return content
