"""Two API servers on one store give one truth: what one was told, the other knows at once."""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from clusters import until
from engines import NAMES, engine
from servers import Server, has_stopped, make

from sampan.contracts.kinds import Resource
from sampan.errors import AlreadyExists, Conflict, NotFound
from sampan_client import Client

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap", True)
SERVICES = Resource("", "v1", "services", "Service", True)
ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount", True)
ENDPOINTS = Resource("", "v1", "endpoints", "Endpoints", True)
SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", True)

_names = itertools.count()


@pytest.fixture(scope="module", params=NAMES)
def servers(request, tmp_path_factory, tools) -> Iterator[tuple[Server, Server]]:
    """Both started at once on an empty store, so that both find everything missing that a cluster begins with."""
    folder = tmp_path_factory.mktemp(request.param)
    with engine(request.param, folder) as store:
        one = make(folder / "one", tools, store)
        other = make(folder / "other", tools, store, like=one)
        both = (one, other)
        try:
            for server in both:
                server.start()
            for server in both:
                server.wait()
            yield both
        finally:
            for server in both:
                server.stop()


@pytest.fixture
def clients(servers) -> Iterator[tuple[Client, Client]]:
    found = (servers[0].client(), servers[1].client())
    yield found
    for client in found:
        client.close()


def config_map(**data):
    name = f"m{next(_names)}"
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_both_made_what_a_cluster_begins_with_without_complaint(servers):
    for server in servers:
        assert "cannot be made" not in server.log()
        assert "Traceback" not in server.log()


def test_a_read_right_after_a_write_through_the_other_sees_it(clients):
    assert_reads_see_writes(clients, 500)


def test_a_write_right_after_one_through_the_other_builds_on_it(clients):
    for turn in range(50):
        one, other = clients if turn % 2 else clients[::-1]
        made = one.create(CONFIG_MAPS, config_map(turn="0"), "default")
        name = made["metadata"]["name"]
        made["data"]["turn"] = "1"
        made = other.update(CONFIG_MAPS, made)
        one.patch(CONFIG_MAPS, name, {"data": {"turn": "2"}}, "default")
        assert other.patch(CONFIG_MAPS, name, {"data": {"more": "3"}}, "default")["data"] == {"turn": "2", "more": "3"}
        one.delete(CONFIG_MAPS, name, "default")
        assert other.create(CONFIG_MAPS, {**config_map(), "metadata": {"name": name}}, "default").get("data", {}) == {}
        one.delete(CONFIG_MAPS, name, "default", uid=other.get(CONFIG_MAPS, name, "default")["metadata"]["uid"])
        with pytest.raises(NotFound):
            other.delete(CONFIG_MAPS, name, "default")


def test_a_watch_goes_on_at_the_other_from_where_it_was(clients):
    since = clients[0].list(CONFIG_MAPS, "default").resource_version
    names = []
    for turn in range(20):
        names.append(clients[turn % 2].create(CONFIG_MAPS, config_map(), "default")["metadata"]["name"])

    for client in clients:
        feed = client.watch(CONFIG_MAPS, "default", since=since, timeout=300)
        events = list(itertools.islice((event for event in feed if event[0] != "BOOKMARK"), 20))
        assert [(kind, obj["metadata"]["name"]) for kind, obj in events] == [("ADDED", name) for name in names]


def test_a_watch_tells_what_was_written_through_the_other(clients):
    since = clients[1].list(CONFIG_MAPS, "default").resource_version
    feed = clients[1].watch(CONFIG_MAPS, "default", since=since, timeout=300)
    for _ in range(20):
        name = clients[0].create(CONFIG_MAPS, config_map(), "default")["metadata"]["name"]
        kind, obj = next(event for event in feed if event[0] != "BOOKMARK")
        assert (kind, obj["metadata"]["name"]) == ("ADDED", name)


def test_a_list_goes_on_at_the_other_page_by_page(clients):
    for _ in range(7):
        clients[0].create(CONFIG_MAPS, config_map(), "default")
    whole = [each["metadata"]["name"] for each in clients[0].list(CONFIG_MAPS, "default").items]
    found, token, turn = [], "", 0
    while turn == 0 or token:
        query = {"limit": "3", **({"continue": token} if token else {})}
        path = "/api/v1/namespaces/default/configmaps"
        page = json.loads(clients[turn % 2].request("GET", path, query=query).body)
        found += [each["metadata"]["name"] for each in page["items"]]
        if turn == 0:  # what comes later is not in the pages that follow
            clients[1].create(CONFIG_MAPS, config_map(), "default")
        token, turn = page["metadata"].get("continue", ""), turn + 1

    assert found == whole


def test_no_increment_through_either_is_lost(clients):
    assert_no_increment_is_lost([clients[0], clients[1], clients[0], clients[1]], 50)


def test_a_name_is_given_once(clients):
    manifest = config_map()
    outcomes = []

    def create(client):
        try:
            client.create(CONFIG_MAPS, manifest, "default")
            outcomes.append("made")
        except AlreadyExists:
            outcomes.append("there")

    in_parallel(create, [clients[turn % 2] for turn in range(8)])

    assert sorted(outcomes) == ["made"] + ["there"] * 7


def test_no_address_is_given_twice(clients):
    found = []

    def create(client):
        for _ in range(15):
            manifest = {
                "apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "s-"},
                "spec": {"ports": [{"port": 80}]},
            }  # fmt: skip
            found.append(client.create(SERVICES, manifest, "default")["spec"]["clusterIP"])

    in_parallel(create, [clients[turn % 2] for turn in range(4)])

    assert len(found) == len(set(found)) == 60


def test_an_accounts_token_is_good_for_both(servers, clients):
    name = f"account{next(_names)}"
    clients[0].create(ACCOUNTS, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}, "default")
    answer = clients[0].create(
        ACCOUNTS, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}, "default",
        subresource="token", name=name,
    )  # fmt: skip
    for turn in range(20):  # at once, of an account that is new
        each = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": f"{name}-{turn}"}}
        clients[turn % 2].create(ACCOUNTS, each, "default")
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        other = clients[(turn + 1) % 2]
        assert other.create(ACCOUNTS, request, "default", subresource="token", name=f"{name}-{turn}")["status"]["token"]
    for server in servers:
        who = server.cluster.kubectl(
            "auth", "whoami", "--token", answer["status"]["token"], "--kubeconfig", "/dev/null",
            "--server", f"https://127.0.0.1:{server.cluster.port}",
            "--certificate-authority", str(server.home / "pki" / "ca.crt"),
        )  # fmt: skip
        assert f"system:serviceaccount:default:{name}" in who


def endpoints(client) -> set[tuple[str, int]]:
    subsets = client.get(ENDPOINTS, "kubernetes", "default")["subsets"]
    return {(a["ip"], port["port"]) for subset in subsets for a in subset["addresses"] for port in subset["ports"]}


def slices(client) -> set[tuple[str, int]]:
    found = client.list(SLICES, "default", labels="kubernetes.io/service-name=kubernetes").items
    return {(e["addresses"][0], port["port"]) for one in found for e in one["endpoints"] for port in one["ports"]}


def test_the_clusters_own_service_leads_to_both(servers, clients):
    both = {("127.0.0.1", server.cluster.port) for server in servers}

    until(lambda: endpoints(clients[0]) == slices(clients[0]) == both)


@pytest.mark.parametrize("servers", ["etcd"], indirect=True)  # takes 20 s, and has little to do with the store
def test_a_dead_server_is_no_endpoint_until_it_is_back(servers, clients):
    one, other = servers
    both = {("127.0.0.1", server.cluster.port) for server in servers}
    other.kill()
    until(lambda: endpoints(clients[0]) == slices(clients[0]) == {("127.0.0.1", one.cluster.port)})

    other.start()
    other.wait()

    until(lambda: endpoints(clients[0]) == slices(clients[0]) == both)


@pytest.mark.parametrize("store", ["sqlite", "etcd"])
def test_several_workers_of_one_server_are_one(store, tmp_path, tools):
    with engine(store, tmp_path) as url:
        server = make(tmp_path / "one", tools, url, workers=2)
        clients = []
        try:
            server.start()
            server.wait()
            until(lambda: len(workers(server)) == 2 and all(accepts(server, worker) for worker in workers(server)))
            for worker in workers(server) * 2:
                clients.append(client_at(server, worker))

            assert_reads_see_writes(clients, 100)
            assert_no_increment_is_lost(clients, 10)
            assert "Traceback" not in server.log()
            assert "cannot be made" not in server.log()
            until(lambda: endpoints(clients[0]) == {("127.0.0.1", server.cluster.port)})
        finally:
            for client in clients:
                client.close()
            server.stop()


def workers(server) -> list[int]:
    """The process ids of gunicorn's workers."""
    return [
        int(pid) for pid in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    ]


def accepts(server, worker: int) -> bool:
    """Whether the worker waits for connections: its epoll knows a socket that it has in common with its parent."""
    listening = set(files(server.process.pid).values())
    found = files(worker)
    watched = [
        found.get(line.split()[1])
        for number, target in found.items()
        if target == "anon_inode:[eventpoll]"
        for line in Path(f"/proc/{worker}/fdinfo/{number}").read_text().splitlines()
        if line.startswith("tfd:")
    ]
    return any(target in listening for target in watched if target and target.startswith("socket:"))


def files(pid: int) -> dict[str, str]:
    """What its descriptors lead to; without those that are closed meanwhile."""
    found = {}
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found[each.name] = os.readlink(each)
    return found


def client_at(server, worker: int) -> Client:
    """Its connection, which lasts, ends at that worker, for the others were stopped when it was made."""
    others = [pid for pid in workers(server) if pid != worker]
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        # Until a process has stopped, a connection may wake it, and then the kernel wakes no other.
        until(lambda: all(has_stopped(pid) for pid in others))
        client = server.client()
        client.get(ENDPOINTS, "kubernetes", "default")
        return client
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def assert_reads_see_writes(clients, turns):
    made = clients[0].create(CONFIG_MAPS, config_map(turn="-1"), "default")
    name = made["metadata"]["name"]
    for turn in range(turns):
        writer, reader = clients[turn % len(clients)], clients[(turn + 1) % len(clients)]
        made["data"]["turn"] = str(turn)
        made = writer.update(CONFIG_MAPS, made)

        seen = reader.get(CONFIG_MAPS, name, "default")

        assert seen["data"]["turn"] == str(turn)
        assert seen["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_a_list_right_after_a_write_through_the_other_has_it(clients):
    for turn in range(20):
        writer, reader = clients if turn % 2 else clients[::-1]
        name = writer.create(CONFIG_MAPS, config_map(), "default")["metadata"]["name"]

        assert name in {each["metadata"]["name"] for each in reader.list(CONFIG_MAPS, "default").items}


def assert_no_increment_is_lost(clients, times):
    name = clients[0].create(CONFIG_MAPS, config_map(n="0"), "default")["metadata"]["name"]
    failures: list[BaseException] = []

    def increment(client):
        done = 0
        while done < times:
            try:
                found = client.get(CONFIG_MAPS, name, "default")
                found["data"]["n"] = str(int(found["data"]["n"]) + 1)
                client.update(CONFIG_MAPS, found)
                done += 1
            except Conflict:
                continue
            except BaseException as error:
                failures.append(error)
                return

    in_parallel(increment, clients)

    assert not failures
    assert clients[0].get(CONFIG_MAPS, name, "default")["data"]["n"] == str(times * len(clients))


def in_parallel(work, clients) -> None:
    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(150)
    assert not any(thread.is_alive() for thread in threads)
