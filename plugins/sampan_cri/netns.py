"""Connections from inside a pod's network namespace: to what listens on the pod's loopback address alone, too."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def dial(path: str, port: int, timeout: float) -> int:
    """The descriptor of a TCP connection to the port of "localhost" in the network namespace at ``path``.

    Raises PermissionError, FileNotFoundError where the namespace cannot be entered, other OSErrors of the connection.
    """
    return inside(path, lambda: connect("localhost", port, timeout))


def connect(host: str, port: int, timeout: float) -> int:
    """IPv4 first, as CRI's runtimes. "localhost" is both loopback addresses, whatever a hosts file says."""
    addresses = ("127.0.0.1", "::1") if host == "localhost" else (host,)
    failure: OSError | None = None
    for address in addresses:
        try:
            connection = socket.create_connection((address, port), timeout)
        except OSError as error:
            failure = failure or error
        else:
            connection.settimeout(None)
            return connection.detach()
    raise failure or OSError(f"no address of {host}")


def inside(path: str, work: Callable[[], int]) -> int:
    """Run it on a thread of its own that is in the network namespace: sockets stay there, the thread ends."""
    result: Future[int] = Future()
    thread = threading.Thread(target=_enter, args=(path, work, result), daemon=True)
    thread.start()
    return result.result()


def _enter(path: str, work: Callable[[], int], result: Future[int]) -> None:
    try:
        with open(path) as space:
            if _libc.setns(space.fileno(), CLONE_NEWNET) != 0:
                number = ctypes.get_errno()
                raise PermissionError(number, f"entering {path}: {os.strerror(number)}")
        result.set_result(work())
    except BaseException as error:
        result.set_exception(error)
