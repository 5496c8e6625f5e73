"""Sockets that appear in a directory and go: by inotify, so that nothing is polled; by ctypes, for Python has none."""

from __future__ import annotations

import ctypes
import logging
import os
import select
import threading
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

_libc = ctypes.CDLL(None, use_errno=True)
_CREATE, _DELETE, _MOVED = 0x100, 0x200, 0xC0
SUFFIX = ".sock"


class SocketWatcher:
    """``on_change()`` is called on a thread of its own at the start and after each change, one call at a time."""

    def __init__(self, folder: Path, on_change: Callable[[], None]) -> None:
        self.folder, self._on_change = folder, on_change
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._notify = _libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        events = _CREATE | _DELETE | _MOVED
        if self._notify < 0 or _libc.inotify_add_watch(self._notify, os.fsencode(folder), events) < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"watching {folder}: {os.strerror(number)}")
        self._read, self._write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="plugin-sockets", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def paths(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.suffix == SUFFIX and path.is_socket())

    def close(self) -> None:
        os.write(self._write, b"x")
        self._thread.join(5)
        for descriptor in (self._read, self._write, self._notify):
            os.close(descriptor)

    def _run(self) -> None:
        poll = select.poll()
        for descriptor in (self._notify, self._read):
            poll.register(descriptor, select.POLLIN)
        while True:
            try:
                self._on_change()
            except Exception:
                log.exception("looking at %s failed", self.folder)
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._read in ready:
                return
            os.read(self._notify, 1 << 16)
