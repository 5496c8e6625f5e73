"""A (TLS) socket that one thread reads and any number write, and the plain connection over it that SPDY/3.1 uses."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator

CHUNK = 65536


class Link:
    """Bytes both ways. A writer that waits does not keep the reader waiting."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._socket.setblocking(False)
        self._turn = threading.Lock()  # a TLS connection must not be read and written at once
        self._order = threading.Lock()  # what is sent in one call goes out in one piece
        self._cut = False

    def receive(self) -> bytes:
        """What comes next, however long it takes; b"" at the end."""
        while not self._cut:
            try:
                with self._turn:
                    return bytes(self._socket.recv(CHUNK))
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
                self._wait(select.POLLIN)
            except ssl.SSLWantWriteError:
                self._wait(select.POLLOUT)
            except (OSError, ValueError):
                return b""
        return b""

    def send(self, data: bytes) -> bool:
        """False where the other side is gone."""
        view = memoryview(data)
        with self._order:
            while view and not self._cut:
                try:
                    with self._turn:
                        sent = self._socket.send(view)
                    view = view[sent:]
                except (BlockingIOError, InterruptedError, ssl.SSLWantWriteError):
                    self._wait(select.POLLOUT)
                except ssl.SSLWantReadError:
                    self._wait(select.POLLIN)
                except (OSError, ValueError):
                    return False
            return not self._cut

    def finish(self) -> None:
        """Say that nothing more comes; ``receive`` goes on."""
        with contextlib.suppress(OSError, ValueError), self._order, self._turn:
            if isinstance(self._socket, ssl.SSLSocket):
                with contextlib.suppress(OSError, ValueError):
                    self._socket.unwrap()
            socket.socket.shutdown(self._socket, socket.SHUT_WR)

    def cut(self) -> None:
        """Close now: readers and writers see the end."""
        self._cut = True
        with contextlib.suppress(OSError):  # the TLS socket's own would free what a reader uses
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _wait(self, events: int) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed meanwhile: the next call says so
            poll = select.poll()
            poll.register(self._socket, events)
            poll.poll()


class PlainConnection:
    """What a WebSocket is to those who carry streams, without its frames."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def messages(self) -> Iterator[bytes]:
        """Bytes as they come, until the other side closes or goes away."""
        while data := self._link.receive():
            yield data

    def send(self, message: bytes) -> bool:
        return self._link.send(message)

    def close(self) -> None:
        """Nothing more is sent; ``messages`` ends when the other side closes, too."""
        self._link.finish()

    def abandon(self) -> None:
        self._link.cut()
