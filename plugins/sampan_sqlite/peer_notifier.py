"""Notifies other processes that the file has grown: an empty datagram to each, without order or guarantee. Every
process that has the store open binds a socket in the directory ``<file>-peers``. A lost notice delays a change by a
second (the writer checks the file that often anyway), and never loses it. Must not know what a commit is."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import socket
import time

log = logging.getLogger(__name__)

SETTLED = 1_000_000_000  # ns
_numbers = itertools.count()  # several stores of one process need several names


class PeerNotifier:
    """This process's socket and the names of the others."""

    def __init__(self, path: str) -> None:
        directory = f"{path}-peers"
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self._directory = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._name = f"{os.getpid()}-{next(_numbers)}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._seen = -1  # the directory's change time when its names were last read
        self._peers: list[str] = []
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._name, dir_fd=self._directory)  # of a process of old with the same number
        self._socket.bind(self._address(self._name))

    def fileno(self) -> int:
        return self._socket.fileno()

    def peers(self) -> list[str]:
        """The names of the other processes; one stat call while none opens or closes the store."""
        changed = os.fstat(self._directory).st_mtime_ns
        if changed != self._seen:
            # The kernel's clock is coarse: a change in the tick of the last one does not show, so look again meanwhile.
            self._seen = changed if time.time_ns() - changed > SETTLED else -1
            self._peers = [name for name in os.listdir(self._directory) if name != self._name]
        return self._peers

    def tell(self) -> None:
        """Wake every other process."""
        for name in list(self.peers()):
            try:
                self._socket.sendto(b"", self._address(name))
            except BlockingIOError:
                pass  # its queue is full of notices, so it will look
            except ConnectionRefusedError:  # killed before it could clean up
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=self._directory)
            except OSError as error:
                log.debug("notice to %s not sent: %s", name, error)

    def clear(self) -> None:
        """Take what has come in."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(1)

    def close(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._name, dir_fd=self._directory)
        self._socket.close()
        os.close(self._directory)

    def _address(self, name: str) -> str:
        """A path to the name that is short however long the directory's is (a socket's address has 108 bytes)."""
        return f"/proc/self/fd/{self._directory}/{name}"
