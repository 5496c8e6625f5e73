"""Clusters of the benchmark's own: a whole one, the API server alone, and one on plain sockets.

Each has a home of its own that is removed at the end, and a free port. Knows nothing of loads.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import machine
from api import Api

TOKEN = "bench"
CONFIGURATION = """\
api: {{port: {port}}}
network: {{service_cidr: 10.111.0.0/16}}
node: {{runtime: exec}}
plugins: {{auth: {{token_file: tokens.csv}}}}
"""
#: URL of a store that is there and empty, for whatever is started; "" = SQLite in the home.
store = ""


@dataclass
class Running:
    """A cluster that answers. ``pid`` is the ancestor of all its processes, ``worker`` serves the API."""

    api: Api
    home: Path
    pid: int
    worker: int
    started: float  # time.monotonic of the command


@contextmanager
def whole(*flags: str) -> Iterator[Running]:
    """``sampan up``: supervisor, API server, reconcilers, scheduler, node agent, proxy, DNS; with these flags."""
    with _home() as (home, port):
        started = time.monotonic()
        command = subprocess.Popen([*_sampan(home), "up", "--no-hint", *flags], stdout=subprocess.DEVNULL)
        api = Api(f"https://127.0.0.1:{port}", TOKEN)
        try:
            api.wait_ready()
            ready = time.monotonic()
            if command.wait(60):
                raise SystemExit("sampan up failed")
            state = json.loads((home / "run" / "state.json").read_text())
            arbiter = next(process["pid"] for process in state["processes"] if process["name"] == "apiserver")
            running = Running(api, home, state["pid"], machine.family(arbiter)[-1], started)
            running.api.ready_after = ready - started
            yield running
        finally:
            command.wait(60)
            subprocess.run([*_sampan(home), "down"], stdout=subprocess.DEVNULL, check=False)


@contextmanager
def alone() -> Iterator[Running]:
    """``sampan apiserver``: what the peer's figures were measured on, an API server with its store and nothing else."""
    with _home() as (home, port), _process([*_sampan(home), "apiserver"], home / "log") as process:
        api = Api(f"https://127.0.0.1:{port}", TOKEN)
        started = time.monotonic()
        api.wait_ready()
        yield Running(api, home, process.pid, machine.family(process.pid)[-1], started)


@contextmanager
def plain() -> Iterator[Running]:
    """The same worker on plain TCP, as behind nginx."""
    script = str(Path(__file__).with_name("plain_server.py"))
    with _home() as (home, port), _process([sys.executable, script, str(home), str(port)], home / "log") as process:
        api = Api(f"http://127.0.0.1:{port}", TOKEN)
        started = time.monotonic()
        api.wait_ready()
        yield Running(api, home, process.pid, process.pid, started)


@contextmanager
def _home() -> Iterator[tuple[Path, int]]:
    home = Path(tempfile.mkdtemp(prefix="sampan-bench-"))
    port = machine.free_port()
    (home / "sampan.yaml").write_text(CONFIGURATION.format(port=port) + (f"store: {store}\n" if store else ""))
    (home / "tokens.csv").write_text(f'{TOKEN},bench,,"system:masters"\n')
    try:
        yield home, port
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _sampan(home: Path) -> list[str]:
    return [str(Path(sys.executable).with_name("sampan")), "--home", str(home)]
