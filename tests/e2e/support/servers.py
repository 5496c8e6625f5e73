"""API servers alone, as real `sampan apiserver` processes, one home each, of one cluster: same keys, same store."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from clusters import ROOT, Cluster, free_port, until

from sampan_client import Client
from sampan_operate.supervisor.cluster import load_plugins, prepare
from sampan_settings.settings import load

#: What all servers of a cluster have in common. serving certificates, for one, are each server's own.
SHARED = (
    "ca.crt", "ca.key", "encryption.keys", "front-proxy-ca.crt", "front-proxy-ca.key", "sa.key", "sa.pub",
)  # fmt: skip


@dataclass
class Server:
    """One API server; its home and log outlive a kill."""

    cluster: Cluster
    process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        return self.cluster.home

    def start(self) -> None:
        """Begin; ``wait`` says when it serves."""
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(Path(sys.executable).parent / "sampan"), "apiserver"],
                env=self.cluster.env, cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip

    def wait(self) -> None:
        until(self.ready, why="the server is not ready: " + str(self.home / "log"))

    def ready(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log()
        return (self.home / "kubeconfig").exists() and "ok" in self.cluster.kubectl(
            "get", "--raw", "/readyz", check=False
        )

    def client(self) -> Client:
        return Client.from_kubeconfig(str(self.home / "kubeconfig"))

    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def kill(self) -> None:
        """As a crash would; its gunicorn workers end with it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(90)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(90)


def make(folder: Path, tools: Path, store: str, *, workers: int = 1, like: Server | None = None) -> Server:
    """A server's home; ``like`` is a prepared server of the same cluster."""
    home = folder / "home"
    home.mkdir(parents=True)
    server = Server(Cluster(home, "exec", free_port(), "", tools))
    (home / "sampan.yaml").write_text(
        f"store: {store}\napi: {{port: {server.cluster.port}, workers: {workers}}}\n"
        f"node: {{runtime: exec, enabled: false}}\naddons: []\n"
    )
    if like is not None:
        (home / "pki").mkdir(mode=0o700)
        for name in SHARED:
            shutil.copy2(like.home / "pki" / name, home / "pki" / name)
    settings = load(home=str(home), environ={})
    prepare(settings, load_plugins(settings))
    return server


def stop(pid: int) -> None:
    """SIGSTOP, and wait until it counts: the signal reaches the threads of a process one by one, and later."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: has_stopped(pid), why=f"process {pid} does not stop")


def has_stopped(pid: int) -> bool:
    """Whether each of its threads has."""
    states = []
    for each in Path(f"/proc/{pid}/task").iterdir():
        try:
            states.append((each / "stat").read_text().rpartition(") ")[2][0])
        except (FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            continue
    return set(states) == {"T"}
