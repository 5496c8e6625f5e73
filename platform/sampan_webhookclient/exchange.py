"""One request and its response, on a socket that never blocks: connect, TLS handshake, send, receive.

``advance`` does what can be done now; ``fileno`` and ``events`` say what to wait for before it is called again.
"""

from __future__ import annotations

import errno
import select
import socket
import ssl
from collections.abc import Iterator

from sampan_webhookclient.failures import CallFailed, words
from sampan_webhookclient.responses import Reply, ResponseReader

CHUNK = 65536
_UNDER_WAY = (errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK)


class Exchange:
    """``addresses`` are tried one after another until one can be connected to. ``kept`` is a connection from a former
    exchange: where the server has closed it meanwhile, before it answered anything, another one is made."""

    def __init__(
        self, request: bytes, addresses: Iterator[tuple[str, int]], context: ssl.SSLContext | None, server_name: str,
        kept: socket.socket | None = None,
    ) -> None:  # fmt: skip
        self._request, self._addresses = request, addresses
        self._context, self._server_name = context, server_name
        self._sock: socket.socket | None = kept
        self._kept = kept is not None
        self._address = ""
        self._unsent = memoryview(request)
        self._reader = ResponseReader()
        self._step = self._send if kept is not None else self._dial
        self._last: Exception | None = None
        self.events = select.POLLOUT
        self.peer: tuple[str, int] | None = None

    def fileno(self) -> int:
        assert self._sock is not None
        return self._sock.fileno()

    def advance(self) -> Reply | None:
        """The reply once it is complete. Raises CallFailed."""
        while True:
            try:
                if self._step():
                    return self._reader.reply()
            except (ssl.SSLWantReadError, BlockingIOError):
                self.events = select.POLLIN
                return None
            except ssl.SSLWantWriteError:
                self.events = select.POLLOUT
                return None
            except _Waits as waits:
                self.events = waits.events
                return None
            except (OSError, ValueError) as error:  # ValueError: unreadable, or a name that TLS cannot ask for
                self._failed(error)

    def reusable(self) -> socket.socket | None:
        """The connection, if another exchange may use it; else it is closed."""
        sock, self._sock = self._sock, None
        if sock is not None and self._reader.keeps:
            return sock
        if sock is not None:
            sock.close()
        return None

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    # -- steps; each returns whether the response is complete, and raises where it has to wait

    def _dial(self) -> bool:
        host, port = self.peer = self._next()
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._step = self._connected
        code = self._sock.connect_ex((host, port))
        if code in _UNDER_WAY:
            raise _Waits(select.POLLOUT)
        if code:
            raise OSError(code, "")
        return False

    def _next(self) -> tuple[str, int]:
        found = next(self._addresses, None)
        if found is None:
            raise CallFailed(words(self._last, self._address) if self._last else "no address")
        return found

    def _connected(self) -> bool:
        assert self._sock is not None
        code = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, "")
        if self._context is None:
            self._step = self._send
            return False
        self._sock = self._context.wrap_socket(
            self._sock, server_hostname=self._server_name, do_handshake_on_connect=False
        )
        self._step = self._handshake
        return False

    def _handshake(self) -> bool:
        assert isinstance(self._sock, ssl.SSLSocket)
        self._sock.do_handshake()
        self._step = self._send
        return False

    def _send(self) -> bool:
        assert self._sock is not None
        while self._unsent:
            try:
                sent = self._sock.send(self._unsent[:CHUNK])
            except BlockingIOError:
                raise _Waits(select.POLLOUT) from None
            self._unsent = self._unsent[sent:]
        self._step = self._receive
        return False

    def _receive(self) -> bool:
        assert self._sock is not None
        data = self._sock.recv(CHUNK)
        if not data:
            self._reader.end()
            return True
        return self._reader.feed(data)

    def _failed(self, error: Exception) -> None:
        """Try another address, or raise."""
        stale = self._kept and not self._reader.has_begun
        connecting = self._step in (self._connected, self._dial)
        self.close()
        if not (stale or connecting):
            raise CallFailed(words(error, self._address)) from error
        if connecting:
            self._last = error
        self._kept = False
        self._unsent, self._reader = memoryview(self._request), ResponseReader()
        self._step = self._dial


class _Waits(Exception):
    """The step goes on when the socket is ready."""

    def __init__(self, events: int) -> None:
        self.events = events
