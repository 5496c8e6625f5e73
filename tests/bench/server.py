"""A cluster of the benchmark's own: home in a temporary folder, free ports, loopback only."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

TOKEN = "bench-token"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """Something that speaks the Kubernetes API on loopback."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"https://127.0.0.1:{port}"

    def connect(self, timeout: float = 60) -> http.client.HTTPSConnection:
        context = ssl._create_unverified_context()  # a benchmark of servers on this machine's loopback
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)

    def call(self, method: str, path: str, body: Any = None, connection: Any = None) -> tuple[int, bytes]:
        own = connection or self.connect()
        data = json.dumps(body) if body is not None else None
        own.request(method, path, body=data, headers=headers())
        answer = own.getresponse()
        content = answer.read()
        if connection is None:
            own.close()
        return answer.status, content

    def get(self, path: str) -> Any:
        status, content = self.call("GET", path)
        assert status == 200, (path, status, content[:200])
        return json.loads(content)


def headers(kind: str = "application/json") -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind, "Accept": "application/json"}


class Cluster(Server):
    """``sampan up`` with every process it has."""

    def __init__(self, home: Path) -> None:
        super().__init__(free_port())
        self.home = home
        home.mkdir(parents=True)
        (home / "tokens.csv").write_text(f'{TOKEN},bench,,"system:masters"\n')
        (home / "sampan.yaml").write_text(
            f"api: {{port: {self.port}}}\nnode: {{runtime: exec, name: bench}}\n"
            "network: {service_cidr: 10.120.0.0/16}\nplugins: {auth: {token_file: tokens.csv}}\n"
        )

    def sampan(self, *words: str) -> str:
        command = Path(sys.executable).parent / "sampan"
        env = {**os.environ, "SAMPAN_HOME": str(self.home)}
        return subprocess.run([str(command), *words], env=env, capture_output=True, text=True, check=True).stdout

    def processes(self) -> dict[str, int]:
        """pid by name, the supervisor among them."""
        state = json.loads((self.home / "run" / "state.json").read_text())
        return {"supervisor": state["pid"], **{p["name"]: p["pid"] for p in state["processes"]}}


def until(found: Any, seconds: float = 60.0, pause: float = 0.01) -> Any:
    deadline = time.monotonic() + seconds
    while not (result := found()):
        if time.monotonic() > deadline:
            raise TimeoutError("not in time")
        time.sleep(pause)
    return result
