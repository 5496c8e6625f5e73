"""Real etcds for tests: started on free loopback ports in a folder of the test, ended by their process."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from ports import free_port

PATIENCE = 120.0
MISSING = "no etcd on this machine; tools/install-test-needs installs Debian's etcd-server"


@dataclass
class Etcd:
    """One member; its folder keeps its data from start to start."""

    name: str
    folder: Path
    port: int
    peer_port: int
    scheme: str = "http"
    more: list[str] = field(default_factory=list)
    cluster: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        program = shutil.which("etcd")
        assert program, MISSING
        client, peer = f"{self.scheme}://{self.address}", f"http://127.0.0.1:{self.peer_port}"
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "--name", self.name, "--data-dir", str(self.folder / "data"),
                 "--listen-client-urls", client, "--advertise-client-urls", client,
                 "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                 "--initial-cluster", self.cluster or f"{self.name}={peer}", "--heartbeat-interval", "50",
                 "--election-timeout", "500", "--log-level", "warn", "--logger", "zap", *self.more],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def wait(self) -> None:
        """Until there is a leader and this member answers."""
        deadline = time.monotonic() + PATIENCE
        while not self.healthy():
            assert self.process is not None and self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-3000:]
            time.sleep(0.02)

    def healthy(self) -> bool:
        if self.scheme == "https":  # its tests have the certificates; being listened on is enough here
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        try:
            with urllib.request.urlopen(f"http://{self.address}/health", timeout=1) as answer:
                return json.load(answer)["health"] == "true"
        except (OSError, urllib.error.URLError, ValueError):
            return False

    def leads(self) -> bool:
        """Whether it says of itself that it is the leader."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=2) as answer:
                return b"\netcd_server_is_leader 1\n" in answer.read()
        except OSError:
            return False

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(90)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start_members(folder: Path, count: int, *more: str, scheme: str = "http") -> list[Etcd]:
    """So many members of one etcd, running and with a leader."""
    members = [Etcd(f"m{n}", folder / f"m{n}", free_port(), free_port(), scheme, list(more)) for n in range(count)]
    cluster = ",".join(f"{member.name}=http://127.0.0.1:{member.peer_port}" for member in members)
    try:
        for member in members:
            member.cluster = cluster
            member.start()
        for member in members:
            member.wait()
    except BaseException:
        for member in members:
            member.kill()
        raise
    return members
