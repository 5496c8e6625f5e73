"""Start-up times, memory (proportional set size, shared pages counted in part) and idle CPU; idle watches."""

from __future__ import annotations

import json
import os
import resource
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from server import TOKEN, Cluster, free_port, until

WATCHES = 5000
TICK = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and those below it that are sampan's own (a container of the exec runtime is not)."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            if b"sampan" in Path(f"/proc/{child}/comm").read_bytes():
                found += family(child)
    return found


def memory(pids: list[int]) -> float:
    """MB."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total / 1e6


def cpu_seconds(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def everyone(cluster: Cluster) -> list[int]:
    return sorted({member for pid in cluster.processes().values() if pid for member in family(pid)})


def start_rows(cluster: Cluster) -> Iterator[tuple[str, float]]:
    """Starts the cluster and times it from the command on."""
    begin = time.monotonic()
    command = Path(sys.executable).parent / "sampan"
    env = {**os.environ, "SAMPAN_HOME": str(cluster.home)}
    up = subprocess.Popen([str(command), "up"], env=env, stdout=subprocess.DEVNULL)
    until(lambda: _answers(cluster))
    yield "api_ready", time.monotonic() - begin
    until(lambda: _node_ready(cluster))
    yield "node_ready", time.monotonic() - begin
    up.wait()
    pod = {"metadata": {"name": "first"}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [
        {"name": "c", "image": "any", "command": ["sleep", "1000"]}]}}  # fmt: skip
    path = "/api/v1/namespaces/default/pods"
    until(lambda: cluster.call("POST", path, pod)[0] == 201)
    until(lambda: cluster.get(f"{path}/first")["status"].get("phase") == "Running")
    yield "first_pod", time.monotonic() - begin
    cluster.call("DELETE", f"{path}/first")


def _answers(cluster: Cluster) -> bool:
    try:
        return cluster.call("GET", "/readyz")[0] == 200
    except OSError:
        return False


def _node_ready(cluster: Cluster) -> bool:
    nodes = cluster.get("/api/v1/nodes")["items"]
    return any(c["type"] == "Ready" and c["status"] == "True" for n in nodes for c in n["status"].get("conditions", ()))


def idle_rows(cluster: Cluster, seconds: int) -> Iterator[tuple[str, float]]:
    time.sleep(5)
    pids = everyone(cluster)
    yield "idle_memory", memory(pids)
    before = cpu_seconds(pids)
    time.sleep(seconds)
    yield "idle_cpu", 100 * (cpu_seconds(pids) - before) / seconds


def idle_watches(home: Path, *, tls: bool) -> float:
    """MB that 5,000 watches of one worker add; plain sockets are what nginx in front would open."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * WATCHES, 4 * WATCHES))
    port = free_port()
    script = Path(__file__).parent / "watched.py"
    server = subprocess.Popen([sys.executable, str(script), str(home), str(port), "tls" if tls else "plain"])
    sockets: list[socket.socket] = []
    context = ssl._create_unverified_context()
    request = (
        "GET /api/v1/namespaces/default/configmaps?watch=true HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {TOKEN}\r\n\r\n"
    ).encode()

    def connect() -> socket.socket:
        raw = socket.create_connection(("127.0.0.1", port), 10)
        return context.wrap_socket(raw) if tls else raw

    try:
        until(lambda: _listens(port), 20)
        for _ in range(20):  # what the first requests load is not the watches'
            sockets.append(connect())
            sockets[-1].sendall(request)
            sockets[-1].recv(65536)
        before = memory([server.pid])
        for _ in range(WATCHES):
            sockets.append(connect())
            sockets[-1].sendall(request)
        for one in sockets[-50:]:
            one.recv(65536)
        time.sleep(2)
        return memory([server.pid]) - before
    finally:
        for one in sockets:
            one.close()
        server.terminate()
        server.wait(15)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def say(found: dict[str, float]) -> str:
    return json.dumps({key: round(value, 2) for key, value in found.items()})
