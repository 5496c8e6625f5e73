"""Reports the end of launchers, by pidfd: one thread in epoll for all containers."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Watcher:
    def __init__(self, on_end: Callable[[str], None]) -> None:
        self._on_end = on_end  # given the container's id
        self._poll = select.epoll()
        self._names: dict[int, tuple[str, int]] = {}
        self._read, self._write = os.pipe()
        self._poll.register(self._read, select.EPOLLIN)
        self._thread = threading.Thread(target=self._run, name="exec-watcher", daemon=True)
        self._thread.start()

    def add(self, name: str, pid: int) -> None:
        """Call ``on_end(name)`` once the process has ended, at once if it has."""
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._on_end(name)
            return
        self._names[descriptor] = name, pid
        self._poll.register(descriptor, select.EPOLLIN)

    def close(self) -> None:
        os.write(self._write, b"x")
        self._thread.join(5)
        for descriptor in (self._read, self._write, *self._names):
            os.close(descriptor)
        self._poll.close()

    def _run(self) -> None:
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._read:
                    return
                self._poll.unregister(descriptor)
                name, pid = self._names.pop(descriptor)
                os.close(descriptor)
                self._reap(pid)
                self._on_end(name)

    @staticmethod
    def _reap(pid: int) -> None:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return  # started by an earlier agent: init collects it
