"""Measure the federation: ``python tests/bench/federating.py [MEMBERS] [WORKS]``, by default 100 and 2,000.

The host is a real API server (in a process of its own, with the store in memory). The add-on is a process of its own,
whose members are dicts in that process: its figures hold what those cost. Never a test: nothing fails for a figure.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine

from sampan_client import Client
from sampan_federation.manifests import manifests
from sampan_federation.plugin import USER
from sampan_federation.resources import CLUSTER_PROPAGATION_POLICIES, CLUSTERS, WORKS
from sampan_machinery.metadata import condition_is
from sampan_machinery.resources import CONFIG_MAPS
from sampan_shipping import Shipment

IDLE = 30.0  # seconds over which the idle add-on is watched
CHANGES = 20  # of templates, one after another, each once where there are as many
PAUSE = 1.0  # seconds between two changes


def host() -> None:
    """The host's process: prints the path of its kubeconfig, and ends with its input."""
    from sampan_testing.cluster import MASTERS, User, start
    from sampan_testing.serving import ApiPort

    with start(control=False) as cluster:
        port = ApiPort(cluster.app.wsgi, User("admin", (MASTERS, "system:authenticated")))
        with tempfile.TemporaryDirectory(prefix="sampan-bench-") as folder:
            file = Path(folder) / "kubeconfig"
            file.write_text(port.kubeconfig())
            print(file, flush=True)
            sys.stdin.read()
        port.close()


def addon(kubeconfig: str) -> None:
    """The add-on's process: answers each line of its input with the delays that were seen since the last one."""
    from fake_members import FakeMember

    from sampan.contracts.components import Running
    from sampan_federation.component import Federation
    from sampan_federation.settings import Settings

    delays: list[float] = []

    def on_write(member: str, obj: dict[str, Any]) -> None:
        at = obj.get("data", {}).get("at")
        if at:
            delays.append(time.monotonic() - float(at))

    def connect(cluster: dict[str, Any]) -> Client:
        return Client(FakeMember(cluster["metadata"]["name"], on_write))

    running: Any = Running(
        client=Client.from_kubeconfig(kubeconfig),
        settings=Settings(success_seconds=0),
        home="",
        stop=None,
        options=None,
    )  # type: ignore[arg-type]  # of these the federation reads client and settings
    federation = Federation(running, connect=connect)
    print("ready", flush=True)
    for _ in sys.stdin:
        found, delays[:] = list(delays), []
        print(json.dumps(found), flush=True)
    federation.close()


def main(members: int, works: int) -> None:
    templates = works // members
    print(f"{members} members, {templates} templates that go to each: {templates * members} Works")
    with _process("host") as server:
        path = server.readline()
        client = Client.from_kubeconfig(path)
        Shipment(client, "federation", "1", manifests(USER)).apply()
        began = time.monotonic()
        for number in range(members):
            client.create(CLUSTERS, {"metadata": {"name": f"m{number}"}, "spec": {"syncMode": "Push"}})
        with _process("addon", path) as own:
            own.readline()
            _wait(lambda: all(condition_is(each.get("status"), "Ready") for each in client.list(CLUSTERS).items))
            print(f"all members ready after {time.monotonic() - began:.1f} s")
            selector = {"apiVersion": "v1", "kind": "ConfigMap", "labelSelector": {"matchLabels": {"bench": "1"}}}
            policy = {"metadata": {"name": "all"}, "spec": {"resourceSelectors": [selector], "placement": {}}}
            client.create(CLUSTER_PROPAGATION_POLICIES, policy)
            began = time.monotonic()
            for number in range(templates):
                metadata = {"name": f"c{number}", "namespace": "default", "labels": {"bench": "1"}}
                client.create(CONFIG_MAPS, {"metadata": metadata, "data": {"text": "x" * 1000}}, "default")
            _wait(lambda: _applied(client) == templates * members)
            print(f"all Works applied after {time.monotonic() - began:.1f} s")
            _quiet(own)
            _measure_changes(client, own, templates, members)
            _quiet(own)
            before = machine.cpu_seconds([own.pid])
            time.sleep(IDLE)
            used = (machine.cpu_seconds([own.pid]) - before) / IDLE
            print(f"idle: {used:.1%} of a core, {machine.proportional_memory([own.pid]):.0f} MB")
        client.close()


def _measure_changes(client: Client, own: Process, templates: int, members: int) -> None:
    own.ask()
    for number in range(CHANGES):
        patch = {"data": {"at": str(time.monotonic())}}
        client.patch(CONFIG_MAPS, f"c{number % templates}", patch, "default")
        time.sleep(PAUSE)
    delays: list[float] = []

    def arrived() -> bool:
        delays.extend(own.ask())
        return len(delays) >= CHANGES * members

    _wait(arrived, 60)
    delays.sort()
    p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    rate = 1 / PAUSE * members
    print(
        f"propagation at {rate:.0f} Works/s: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, {len(delays)} arrivals"
    )


def _applied(client: Client) -> int:
    return sum(condition_is(work.get("status"), "Applied") for work in client.list(WORKS).items)


def _quiet(own: Process) -> None:
    """Until it does nothing but probe."""
    while True:
        before = machine.cpu_seconds([own.pid])
        time.sleep(2)
        if machine.cpu_seconds([own.pid]) - before < 1:
            return


def _wait(what: Any, seconds: float = 600) -> None:
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            print("not within", seconds, "s")
            return
        time.sleep(0.5)


class Process:
    """This file in another role."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, __file__, *words]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid

    def readline(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask(self) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self.readline())

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


_process = Process

if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["host"]:
        host()
    elif given[:1] == ["addon"]:
        addon(given[1])
    else:
        main(*(int(each) for each in given or ("100", "2000")))
