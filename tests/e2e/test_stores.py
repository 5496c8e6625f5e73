"""A whole cluster on each store: what people do with kubectl, a restart of everything, a server killed amid writes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest
from clusters import Cluster, start, until
from engines import NAMES, engine
from etcds import start_members
from servers import make, stop

from sampan.contracts.kinds import Resource
from sampan.errors import SampanError

pytestmark = pytest.mark.kubectl

NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)


@pytest.fixture(scope="module", params=NAMES)
def cluster(request, tmp_path_factory, tools) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp(request.param)
    with engine(request.param, folder) as store:
        found = start(folder / "home", "exec", tools, store=store)
        try:
            yield found
        finally:
            found.sampan("down")


def deployment(cluster: Cluster, name: str, replicas: int) -> dict:
    pod = cluster.pod("x", f"echo hello from {name}; while true; do sleep 1; done")
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod["spec"]},
        },
    }  # fmt: skip


def test_what_people_do(cluster):
    watching = cluster.popen("get", "deployments", "-w", "--output-watch-events", "-o", "name", stdout=subprocess.PIPE)
    try:
        cluster.apply(deployment(cluster, "web", 2))
        assert watching.stdout.readline().split()[-1] == "deployment.apps/web"
    finally:
        watching.terminate()
        watching.wait(90)
        watching.stdout.close()
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    until(lambda: "hello from web" in cluster.kubectl("logs", "deployment/web"))
    assert "configured" in cluster.apply(deployment(cluster, "web", 1))
    until(lambda: len(cluster.get("pods", "-l", "app=web")["items"]) == 1)
    events = cluster.get("events", "--field-selector", "reason=SuccessfulCreate")["items"]
    assert events
    cluster.kubectl("delete", "deployment", "web", "--cascade=foreground")
    until(lambda: not cluster.get("pods", "-l", "app=web")["items"])


def test_a_restart_of_everything_keeps_everything(cluster):
    cluster.kubectl("create", "configmap", "kept", "--from-literal=k=v")
    cluster.kubectl("create", "secret", "generic", "kept", "--from-literal=k=v")
    cluster.apply(deployment(cluster, "steady", 1))
    cluster.kubectl("rollout", "status", "deployment/steady", "--timeout=120s")
    before = {kind: cluster.get(kind, "kept") for kind in ("configmap", "secret")}

    cluster.sampan("down")
    cluster.sampan("up")

    assert {kind: cluster.get(kind, "kept") for kind in before} == before
    cluster.kubectl("rollout", "status", "deployment/steady", "--timeout=120s")
    cluster.kubectl("delete", "deployment", "steady")


def test_a_server_killed_amid_writes_loses_nothing_it_acknowledged(cluster):
    acknowledged: list[str] = []
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            name, number = f"amid-{number}", number + 1
            if "created" in cluster.kubectl("create", "configmap", name, check=False):
                acknowledged.append(name)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        until(lambda: len(acknowledged) >= 5)
        pid = cluster.process("apiserver")["pid"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: cluster.process("apiserver")["pid"] not in (0, pid))
        count = len(acknowledged)
        until(lambda: len(acknowledged) >= count + 5)
    finally:
        over.set()
        writer.join(150)

    present = {each["metadata"]["name"] for each in cluster.get("configmaps")["items"]}
    assert set(acknowledged) <= present


def test_a_store_that_hangs_holds_up_only_what_needs_it(tmp_path, tools):
    (member,) = start_members(tmp_path / "etcd", 1)
    server = make(tmp_path, tools, f"etcd://{member.address}?timeout=1")
    client, other = server.client(), server.client()
    try:
        server.start()
        server.wait()
        client.list(NAMESPACES)
        stop(member.process.pid)

        def others_are_answered() -> bool:
            """While a request waits for the store; it waits a second, and this machine may take longer."""
            slow = threading.Thread(target=list_in_vain, args=(other,))
            slow.start()
            assert client.request("GET", "/livez").body == b"ok"
            assert client.request("GET", "/api/v1/namespaces", query={"resourceVersion": "0"}).status == 200
            waits = slow.is_alive()
            slow.join(150)
            assert not slow.is_alive()  # nothing hangs
            return waits

        until(others_are_answered)
        with pytest.raises(SampanError):
            client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "late"}})

        member.process.send_signal(signal.SIGCONT)
        until(lambda: "ok" in server.cluster.kubectl("get", "--raw", "/readyz", check=False))
        assert client.list(NAMESPACES).items
    finally:
        member.process.send_signal(signal.SIGCONT)
        client.close()
        other.close()
        server.stop()
        member.stop()


def list_in_vain(client) -> None:
    with pytest.raises(SampanError):
        client.list(NAMESPACES)
