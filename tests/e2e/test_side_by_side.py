"""Two clusters on one machine, both by default settings: neither takes anything from the other, in any order."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from clusters import BUSYBOX, Cluster, docker_answers, free_port, import_busybox, until

from sampan.contracts.kinds import Resource
from sampan_client import Client
from sampan_operate.supervisor.state import is_alive
from sampan_settings.reservations import home_id

pytestmark = [pytest.mark.kubectl, pytest.mark.root]

SERVICES = Resource("", "v1", "services", "Service", True)
NODES = Resource("", "v1", "nodes", "Node", False)
SERVE = "echo $NAME > index.html && exec busybox httpd -f -p $IP:8080 -h ."
TABLES = ["nft", "-t", "list", "tables", "ip"]


def make(folder: Path, runtime: str, tools: Path) -> Cluster:
    """A home that says nothing of addresses, and its cluster, not started."""
    cluster = Cluster(folder, runtime, free_port(), BUSYBOX if runtime == "docker" else "busybox:1", tools)
    folder.mkdir(parents=True)
    (folder / "sampan.yaml").write_text(
        f"api: {{port: {cluster.port}}}\nnode: {{runtime: {runtime}, name: {folder.name}}}\n"
    )
    return cluster


def serve(cluster: Cluster) -> None:
    """A pod that says the cluster's name, behind a Service with a node port."""
    name = cluster.home.name
    env = [
        {"name": "NAME", "value": name},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    ]
    container = {"command": ["sh", "-c", SERVE], "env": env, "ports": [{"name": "http", "containerPort": 8080}]}
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"type": "NodePort", "selector": {"run": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
    }  # fmt: skip
    cluster.apply(cluster.pod("web", "", container=container), service)
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=120s")


def ask(address: str, port: int, seconds: float) -> str:
    """What a plain HTTP server says, "" where none answers."""
    try:
        with socket.create_connection((address, port), seconds) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return connection.makefile().read().rpartition("\n\n")[2].strip()
    except OSError:
        return ""


class Ways(NamedTuple):
    """Where a cluster's own are reached: its Service's address, its node's port, and the Service of its API server."""

    service: tuple[str, int]
    node: tuple[str, int]
    api: str


def ways_to(cluster: Cluster) -> Ways:
    with closing(Client.from_kubeconfig(str(cluster.home / "kubeconfig"))) as client:
        web = client.get(SERVICES, "web", "default")["spec"]
        addresses = client.list(NODES).items[0]["status"]["addresses"]
        api = client.get(SERVICES, "kubernetes", "default")["spec"]["clusterIP"]
    node = next(each["address"] for each in addresses if each["type"] == "InternalIP")
    return Ways((web["clusterIP"], 80), (node, web["ports"][0]["nodePort"]), api)


def api_at(address: str, cluster: Cluster, seconds: float) -> bool:
    """Whether the address leads to this cluster's own API server: its authority signed it."""
    trust = ssl.create_default_context(cafile=str(cluster.home / "pki" / "ca.crt"))
    try:
        with (
            socket.create_connection((address, 443), seconds) as connection,
            trust.wrap_socket(connection, server_hostname="kubernetes.default.svc") as secure,
        ):
            secure.sendall(b"GET /version HTTP/1.0\r\n\r\n")
            return b" 200 " in secure.recv(4096)
    except (OSError, ssl.SSLError):
        return False


def reaches_its_own(cluster: Cluster, ways: Ways, seconds: float = 3) -> bool:
    """``seconds``: that an answer may take."""
    name = cluster.home.name
    answers = (ask(*ways.service, seconds), ask(*ways.node, seconds))
    return answers == (name, name) and api_at(ways.api, cluster, seconds)


def assert_each_reaches_its_own(*clusters: Cluster) -> None:
    found = [(cluster, ways_to(cluster)) for cluster in clusters]
    for cluster, ways in found:
        until(lambda each=(cluster, ways): reaches_its_own(*each), why=f"{cluster.home.name} reaches its own")
    for cluster, ways in found:  # and again, now that all of them are well
        assert [reaches_its_own(cluster, ways, 60) for _ in range(5)] == [True] * 5


def tables() -> set[str]:
    said = subprocess.run(TABLES, capture_output=True, text=True, check=True).stdout
    return {line.split()[-1] for line in said.splitlines() if "sampan_" in line}


def remembered(cluster: Cluster) -> dict:
    return json.loads((cluster.home / "cluster.json").read_text())


@pytest.fixture(scope="module", params=["exec", "docker"])
def both(request, tmp_path_factory, tools) -> Iterator[tuple[Cluster, Cluster]]:
    """Started for all tests of this file."""
    if request.param == "docker":
        if not docker_answers():
            pytest.fail("no Docker daemon answers; tools/install-test-needs starts one")
        import_busybox()
    folder = tmp_path_factory.mktemp(f"beside-{request.param}")
    made: list[Cluster] = []
    try:
        for name in ("one", "two"):
            made.append(make(folder / name, request.param, tools))
            made[-1].sampan("up")
            serve(made[-1])
        yield made[0], made[1]
    finally:
        for cluster in made:
            cluster.sampan("down", check=False)


@pytest.fixture
def pair(both) -> tuple[Cluster, Cluster]:
    """Both as they were at first: `up` takes no second when they run."""
    for cluster in both:
        cluster.sampan("up")
    return both


def test_each_reaches_its_own_whatever_is_restarted_in_which_order(pair):
    one, two = pair
    assert_each_reaches_its_own(one, two)
    for key in ("service_cidr", "node_ports"):
        assert remembered(one)[key] != remembered(two)[key]
    before = remembered(one), remembered(two)

    # The second is the younger one of both, so each order is tried with one of the runtimes.
    for first, second in ((one, two),) if one.runtime == "exec" else ((two, one),):
        first.sampan("down")
        assert_each_reaches_its_own(second)
        first.sampan("up")
        assert_each_reaches_its_own(one, two)

        first.sampan("down")
        second.sampan("down")
        second.sampan("up")
        assert_each_reaches_its_own(second)
        first.sampan("up")
        assert_each_reaches_its_own(one, two)

        killed = first.state()
        os.kill(killed["pid"], signal.SIGKILL)
        until(lambda one=killed: not is_alive(one))
        second.sampan("down")
        second.sampan("up")
        first.sampan("up")
        assert_each_reaches_its_own(one, two)

    assert (remembered(one), remembered(two)) == before


def test_down_removes_its_own_and_nothing_else(pair):
    one, two = pair
    assert_each_reaches_its_own(one, two)
    own = {cluster.home.name: f"sampan_{home_id(cluster.home)}" for cluster in pair}  # there may be others' as well
    assert set(own.values()) <= tables()

    two.sampan("down")

    assert set(own.values()) & tables() == {own["one"]}
    assert_each_reaches_its_own(one)
    one.sampan("down")
    assert not set(own.values()) & tables()


def crash(cluster: Cluster) -> None:
    """As the machine's memory killer would: the supervisor and all that it has started, at once."""
    state = cluster.state()
    family = [state, *(each for each in state["processes"] if each["pid"])]
    for process in family:
        os.kill(process["pid"], signal.SIGKILL)
    until(lambda: not any(is_alive(process) for process in family))


def test_what_a_crash_left_goes_with_the_next_start_of_that_home(pair):
    one, two = pair
    table = f"sampan_{home_id(two.home)}"
    crash(two)
    assert table in tables()

    two.sampan("up")
    assert_each_reaches_its_own(one, two)

    crash(two)
    file = two.home / "sampan.yaml"
    said = file.read_text()
    file.write_text(said.replace("node: {", "node: {enabled: false, "))
    two.sampan("up")
    assert table not in tables()
    assert_each_reaches_its_own(one)
    file.write_text(said)
    two.sampan("down")


def test_a_third_that_insists_on_a_range_in_use_is_refused_in_words(pair, tmp_path, tools):
    one, _ = pair
    for key, value in remembered(one).items():
        if key not in ("service_cidr", "node_ports"):
            continue
        home = tmp_path / f"third-{key}"
        home.mkdir()
        third = Cluster(home, one.runtime, free_port(), "", tools)
        (home / "sampan.yaml").write_text(
            f"api: {{port: {third.port}}}\nnode: {{runtime: {one.runtime}}}\nnetwork: {{{key}: {value}}}\n"
        )

        said = third.sampan("up", check=False)

        assert f"network.{key}" in said and value in said and str(one.home) in said and "Traceback" not in said
        assert "not running" in third.sampan("status", check=False)


def test_doctor_names_what_is_left_of_a_home_that_is_gone(pair):
    """The last test: the second home is gone after it."""
    one, two = pair
    crash(two)
    subprocess.run(["rm", "-rf", str(two.home)], check=True)

    said = [line for line in one.sampan("doctor", check=False).splitlines() if str(two.home) in line]

    whats = "packet filter table", "launcher of a container" if one.runtime == "exec" else "containers of the cluster"
    assert all(any(what in line for line in said) for what in whats), said
    for line in said:
        subprocess.run(["sh", "-c", line.split("`")[1]], check=True, capture_output=True)
    until(lambda: str(two.home) not in one.sampan("doctor", check=False), why="what was told to end has ended")
    assert_each_reaches_its_own(one)
