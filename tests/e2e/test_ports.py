"""Ports of tests' servers stay free for as long as the test lasts, whatever else runs on the machine."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import ports


def test_no_port_is_given_that_the_kernel_gives_to_connections():
    last = int(Path(ports.RANGE).read_text().split()[1])

    assert all(ports.free_port() > last for _ in range(20))


def test_no_two_processes_are_given_the_same_port():
    script = "import ports; print([ports.free_port() for _ in range(200)], flush=True); input()"
    folder = str(Path(ports.__file__).parent)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    found = [number for process in processes for number in process.stdout.readline().strip("[]\n").split(", ")]
    for process in processes:
        process.communicate("\n")

    assert len(found) == len(set(found)) == 600


def test_a_port_that_is_listened_on_anywhere_is_not_given(monkeypatch):
    with socket.create_server(("127.0.0.2", 0)) as taken:
        number = taken.getsockname()[1]

        assert not ports._is_free(number)
