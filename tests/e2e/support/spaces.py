"""Network namespaces for tests: made, entered on a thread of their own, and removed. Needs root."""

from __future__ import annotations

import ctypes
import socket
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from sampan_nftables.kernel import NftLibrary

CLONE_NEWNET = 0x40000000


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=180).stdout


def inside(path: str, work: Callable[[], Any]) -> Any:
    """Run it in the network namespace of that file, on a thread of its own."""
    result: Future[Any] = Future()

    def enter() -> None:
        try:
            with open(path) as space:
                if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(150)
    return result.result(timeout=0)


class Space:
    """A network namespace. What ``do`` runs, and the sockets it makes, belong to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        run("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words: str) -> str:
        return run("ip", "-n", self.name, *words)

    def is_up(self, link: str) -> bool:
        """Whether the kernel sends over it: it drops what is sent until it has seen that a veth's other end is up."""
        return " state UP " in self.ip("-o", "link", "show", link)

    def do(self, work: Callable[[], Any]) -> Any:
        return inside(f"/run/netns/{self.name}", work)

    def ask(self, address: str, port: int) -> str:
        """What a TCP server says: "own address, peer's address"; "" when the connection is refused."""

        def work() -> str:
            try:
                with socket.create_connection((address, port), 20) as connection:
                    return connection.makefile().read()
            except ConnectionRefusedError:
                return ""

        return str(self.do(work))

    def ask_udp(self, address: str, port: int) -> str:
        def work() -> str:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.settimeout(20)
                end.connect((address, port))
                end.send(b"?")
                return end.recv(100).decode()

        return str(self.do(work))

    def remove(self) -> None:
        run("ip", "netns", "del", self.name)


class InSpace:
    """libnftables inside a namespace."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._library = NftLibrary()
        self.scripts: list[str] = []

    def run(self, script: str) -> None:
        self.scripts.append(script)
        self._space.do(lambda: self._library.run(script))
