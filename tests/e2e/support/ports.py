"""Ports for servers of tests, which may be started long after the port was chosen and again on the same one."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
_held: list[socket.socket] = []  # until this process ends


def free_port() -> int:
    """A port without a listener that no other process of these tests is given.

    Not of those that the kernel gives to outgoing connections and to listeners on port 0: one of them is in use again a
    moment after it was found free, wherever another cluster runs on the machine.
    """
    candidates = list(range(_last_given() + 1, 65536))
    random.Random(os.urandom(8)).shuffle(candidates)
    for port in candidates:
        if _is_free(port) and _reserve(port):
            return port
    with socket.socket() as probe:  # the kernel gives out all of them
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_given() -> int:
    try:
        return int(Path(RANGE).read_text().split()[1])
    except (OSError, ValueError):
        return 61000


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def _reserve(port: int) -> bool:
    """By a name that the kernel drops with this process."""
    end = socket.socket(socket.AF_UNIX)
    try:
        end.bind(f"\0sampan-test-port-{port}")
    except OSError:
        end.close()
        return False
    _held.append(end)
    return True
