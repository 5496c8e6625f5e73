"""kubectl, helm and client libraries through nginx, as docs/behind-nginx.md sets it up."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import pty
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import kubernetes
import pytest
from clusters import until
from fronts import Fronted
from kubernetes.stream import portforward

LARGE = 8 << 20  # bytes

SERVER = """
import socket, threading
def serve(c):
    with c:
        size = int(c.makefile("rb").readline())
        c.sendall(bytes(range(256)) * (size // 256))
l = socket.create_server(("0.0.0.0", 0))
print("port", l.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
"""


@pytest.fixture(params=["nginx", "direct"])
def way(request: pytest.FixtureRequest, fronted: Fronted) -> tuple[str, ...]:
    """Options for kubectl to go through nginx, or to gunicorn's own port."""
    port = fronted.direct if request.param == "direct" else fronted.cluster.port
    return (f"--server=https://127.0.0.1:{port}",)


@pytest.fixture(params=["websocket", "spdy"])
def spoken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What kubectl speaks for streams: WebSockets, or SPDY/3.1 as before 1.31."""
    for switch in ("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "KUBECTL_PORT_FORWARD_WEBSOCKETS"):
        monkeypatch.setenv(switch, str(request.param == "websocket").lower())
    return request.param


def without_certificate(front: Fronted) -> tuple[str, ...]:
    """kubectl's options for one who shows no certificate."""
    server = f"https://127.0.0.1:{front.cluster.port}"
    return ("--kubeconfig=/dev/null", f"--server={server}", f"--certificate-authority={front.home}/pki/ca.crt")


def test_a_client_certificate_and_a_token_say_who_is_calling(fronted):
    kubectl, anonymous = fronted.cluster.kubectl, without_certificate(fronted)

    shown = kubectl("auth", "whoami")
    assert "kubernetes-admin" in shown and "system:masters" in shown
    assert "e2e" in kubectl(*anonymous, "--token=e2e-token", "auth", "whoami")
    assert "must be logged in" in kubectl(*anonymous, "--token=wrong", "get", "ns", check=False)
    assert "[+]store ok" in kubectl("get", "--raw", "/readyz?verbose")


def test_objects_are_written_and_watched(fronted, way):
    cluster = fronted.cluster
    name = f"seen-{len(way[0])}-{way[0][-5:]}"
    labels = {"watched": name}
    metadata = {"name": f"{name}-first", "labels": labels}
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    watching = cluster.popen(
        *way, "get", "configmaps", "-w", "-o", "name", "-l", f"watched={name}", stdout=subprocess.PIPE
    )
    try:
        assert watching.stdout.readline().strip() == f"configmap/{name}-first"  # all that comes after the list
        manifest = {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": {"a": "1"},
        }  # fmt: skip
        cluster.apply(manifest)
        assert watching.stdout.readline().strip() == f"configmap/{name}"
        manifest["data"]["a"] = "2"
        assert "configured" in cluster.apply(manifest)
        assert watching.stdout.readline().strip() == f"configmap/{name}"
    finally:
        watching.terminate()
        watching.wait(90)
        watching.stdout.close()
    cluster.kubectl(*way, "delete", "configmap", name, f"{name}-first")
    cluster.kubectl(*way, "create", "clusterrole", "a:b c", "--verb=get", "--resource=pods")  # encoded in the path
    cluster.kubectl(*way, "delete", "clusterrole", "a:b c")


def test_logs_are_followed_line_by_line(fronted, way):
    following = fronted.cluster.popen(*way, "logs", "-f", "talker", "--tail=1", stdout=subprocess.PIPE)
    try:
        first, second = (int(following.stdout.readline().split()[1]) for _ in range(2))
        assert second == first + 1
    finally:
        following.terminate()
        following.wait(90)
        following.stdout.close()


def test_commands_run_with_input_exit_code_and_terminal(fronted, way, spoken):
    cluster = fronted.cluster

    assert cluster.kubectl(*way, "exec", "-i", "talker", "--", "cat", input="through\n") == "through\n"
    failed = cluster.popen(*way, "exec", "talker", "--", "sh", "-c", "echo oops >&2; exit 7", stderr=subprocess.PIPE)
    assert "oops" in failed.communicate(timeout=150)[1]
    assert failed.returncode == 7
    assert "yes" in on_a_terminal(
        cluster, [*way, "exec", "-it", "talker", "--", "sh"], "[ -t 0 ] && echo y''es\nexit\n"
    )


def on_a_terminal(cluster, argv, typed):
    """What kubectl shows on a terminal of its own."""
    master, slave = pty.openpty()
    process = cluster.popen(*argv, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.write(master, typed.encode())
    shown = b""
    try:
        while data := os.read(master, 4096):
            shown += data
    except OSError:  # the other side has closed it
        pass
    os.close(master)
    process.wait(90)
    return shown.decode()


def test_files_are_copied_both_ways(fronted, way, spoken, tmp_path):
    content = os.urandom(1 << 20)
    (tmp_path / "there").write_bytes(content)
    fronted.cluster.kubectl(*way, "cp", str(tmp_path / "there"), "talker:copied")
    fronted.cluster.kubectl(*way, "cp", "talker:copied", str(tmp_path / "back"))

    assert (tmp_path / "back").read_bytes() == content


@pytest.fixture(scope="module")
def served(fronted: Fronted) -> Iterator[str]:
    """A pod that answers each connection with as many bytes as it asks for; its port."""
    pod = fronted.cluster.pod("server", "")
    pod["spec"]["containers"][0] |= {"image": "python:3", "command": [sys.executable, "-c", SERVER]}
    fronted.cluster.apply(pod)
    found = until(lambda: re.search(r"port (\d+)\n", fronted.cluster.kubectl("logs", "server", check=False)))
    return found[1]


def test_ports_are_forwarded_with_many_connections_and_much_data(fronted, way, spoken, served):
    forwarding = fronted.cluster.popen(*way, "port-forward", "pod/server", f":{served}", stdout=subprocess.PIPE)
    try:
        port = int(re.search(r"127.0.0.1:(\d+) ->", forwarding.stdout.readline())[1])
        sizes = [LARGE, *[256 * (n + 1) for n in range(11)]]
        with ThreadPoolExecutor(len(sizes)) as pool:
            got = list(pool.map(lambda size: fetched(port, size), sizes))
        assert got == [hashlib.sha256(bytes(range(256)) * (size // 256)).hexdigest() for size in sizes]
    finally:
        forwarding.terminate()
        forwarding.wait(90)
        forwarding.stdout.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_python_client_forwards_ports(fronted, way, served):
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(str(fronted.home / "kubeconfig"), client_configuration=configuration)
    configuration.host = way[0].removeprefix("--server=")
    with kubernetes.client.ApiClient(configuration) as client:
        core = kubernetes.client.CoreV1Api(client)
        forward = portforward(core.connect_get_namespaced_pod_portforward, "server", "default", ports=served)
        sock = forward.socket(int(served))
        sock.settimeout(120)

        assert digest_of(sock, LARGE) == hashlib.sha256(bytes(range(256)) * (LARGE // 256)).hexdigest()
        assert forward.error(int(served)) is None
        forward.close()
    for thread in threading.enumerate():
        if thread.name.startswith("Kubernetes port forward proxy"):
            thread.join(150)
    del client, core, forward, sock
    gc.collect()  # the library leaves its connection open; not so for the tests that follow


def fetched(port, size):
    with socket.create_connection(("127.0.0.1", port), timeout=120) as sock:
        return digest_of(sock, size)


def digest_of(sock, size):
    digest = hashlib.sha256()
    sock.sendall(b"%d\n" % size)
    while data := sock.recv(1 << 16):
        digest.update(data)
    return digest.hexdigest()


def test_helm_installs_upgrades_and_uninstalls(fronted, tmp_path):
    cluster = fronted.cluster
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: one\nversion: 1.0.0\n")
    (tmp_path / "templates" / "a.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-helm}\ndata: {word: {{ .Values.word | quote }}}\n"
    )

    cluster.helm("install", "one", str(tmp_path), "--set", "word=first")
    cluster.helm("upgrade", "one", str(tmp_path), "--set", "word=second")
    assert cluster.get("configmap", "of-helm")["data"] == {"word": "second"}
    cluster.helm("uninstall", "one", "--wait")
    assert "NotFound" in cluster.kubectl("get", "configmap", "of-helm", check=False)


def test_a_client_library_watches(fronted):
    from sampan.contracts.kinds import Resource
    from sampan_client import Client

    configmaps = Resource("", "v1", "configmaps", "ConfigMap", True)
    client = Client.from_kubeconfig(str(fronted.home / "kubeconfig"))
    stop = threading.Event()
    stream = client.watch(configmaps, "default", since=client.list(configmaps).resource_version, stop=stop)
    for number in range(3):
        client.create(configmaps, {"metadata": {"name": f"library-{number}"}}, "default")

    assert [next(stream)[1]["metadata"]["name"] for _ in range(3)] == [f"library-{number}" for number in range(3)]
    stop.set()
    stream.close()
    client.close()


def test_bodies_are_limited_in_words(fronted):
    too_large = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": {"a": "x" * (3 << 20)}}
    path = fronted.home / "big.json"
    path.write_text(json.dumps(too_large))
    assert "limit is" in fronted.cluster.kubectl("create", "-f", str(path), "--validate=false", check=False)

    too_large["data"]["b"] = "x" * (2 << 20)
    path.write_text(json.dumps(too_large))
    assert "too large" in fronted.cluster.kubectl("create", "-f", str(path), "--validate=false", check=False)
