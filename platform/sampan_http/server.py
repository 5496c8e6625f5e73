"""The server: listeners, the loop, start and stop. Can run in any thread; gunicorn's worker wraps it."""

from __future__ import annotations

import errno
import logging
import os
import select
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from typing import Any

from sampan_http.context import Access, ServerContext
from sampan_http.drain import Drain, Successors
from sampan_http.exchange import Exchange
from sampan_http.heads import Environ
from sampan_http.limits import Limits
from sampan_http.loop import EventLoop

log = logging.getLogger(__name__)

_OTHERS_WRITE = 0o002
_FULL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener:
    """One listening socket. Accepts one connection per turn of the loop, so that sibling processes get their share."""

    def __init__(self, server: Server, sock: socket.socket, base: Environ) -> None:
        self._server = server
        self._sock = sock
        self._base = base
        self._unix = sock.family == socket.AF_UNIX
        self._open = False

    def open(self) -> None:
        if not self._open:
            self._open = True
            self._server.loop.watch(self._sock.fileno(), select.EPOLLIN | select.EPOLLEXCLUSIVE, self)

    def pause(self) -> None:
        if self._open:
            self._open = False
            self._server.loop.forget(self._sock.fileno())

    def on_events(self, mask: int) -> None:
        # After the other events of this turn: one may belong to a closed connection whose descriptor is reused now.
        self._server.loop.call_soon(self._accept)

    def abort(self) -> None:
        """Nothing to do: a listener stays open; the failure has been logged."""

    def _accept(self) -> None:
        if not self._open:
            return
        try:
            sock, address = self._sock.accept()
        except OSError as error:
            if error.errno in _FULL:
                log.error("cannot accept connections: %s", error)
                self._server.pause_accepting()
            return
        base = self._base.copy()
        if not self._unix:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            base["REMOTE_ADDR"], base["REMOTE_PORT"] = address[0], str(address[1])
        self._server.add_connection(sock, base, encrypted=not self._unix)


class Server:
    """Serves a WSGI application on listening sockets, which the caller closes.

    Unix sockets never use TLS: a front proxy on this machine terminates it. A connection through a unix socket that is
    not world-writable comes from that front proxy (``sampan.fronted``).
    ``run`` returns after ``stop``, when all requests in flight are answered or ``limits.graceful_seconds`` have passed.
    drain.py describes the time in between.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        listeners: Sequence[socket.socket],
        *,
        ssl_context: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        access: Access | None = None,
        multiprocess: bool = False,
        on_tick: Callable[[], None] = lambda: None,
        successors: Successors | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.loop = EventLoop(self.limits.tick_seconds, on_tick, self.limits.queued_bytes)
        self._context = ServerContext(app, self.loop, self.limits, access)
        self._context.on_connection_closed = self._reopen_or_stop
        self.ssl_context = ssl_context  # may be replaced: new connections use the new one
        self._drain = Drain(self._context, successors or Successors(), self._pause)
        self._listeners = []
        for sock in listeners:
            sock.setblocking(False)
            self._listeners.append(Listener(self, sock, self._base(sock, multiprocess)))

    @property
    def served(self) -> int:
        """Number of requests passed to the application."""
        return self._context.served

    def run(self) -> None:
        """Serve on the calling thread until ``stop``."""
        for listener in self._listeners:
            listener.open()
        try:
            self.loop.run()
        finally:
            for listener in self._listeners:
                listener.pause()
            for client in list(self._context.clients):
                client.abort()
            self._context.pool.close()
            self._context.heavy.close()
            self.loop.close()

    def stop(self) -> None:
        """Drain, then make ``run`` return. For any thread and for signal handlers."""
        self.loop.call_soon(self._drain.begin)
        self.loop.wake()

    # -- for listeners

    def add_connection(self, sock: socket.socket, base: Environ, *, encrypted: bool) -> None:
        context = self._context
        try:
            sock.setblocking(False)
            if self.ssl_context is not None and encrypted:
                sock = self.ssl_context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except OSError:  # the peer is gone already
            sock.close()
            return
        base["gunicorn.socket"] = sock
        context.clients.add(Exchange(context, sock, base))
        if len(context.clients) >= self.limits.connections:
            self._pause()

    def pause_accepting(self) -> None:
        """Accept nothing for a second."""
        self._pause()
        self.loop.call_later(1.0, self._reopen_or_stop)

    # -- internal

    def _base(self, sock: socket.socket, multiprocess: bool) -> Environ:
        name, port = "localhost", ""
        if sock.family != socket.AF_UNIX:
            name, port = sock.getsockname()[0], str(sock.getsockname()[1])
        return {
            "SCRIPT_NAME": "",
            "SERVER_NAME": name,
            "SERVER_PORT": port,
            "SERVER_SOFTWARE": "sampan",
            "REMOTE_ADDR": "",
            "REMOTE_PORT": "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http" if self.ssl_context is None or sock.family == socket.AF_UNIX else "https",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": multiprocess,
            "wsgi.run_once": False,
            "sampan.loop": self.loop,
            "sampan.peer_certificate": None,
            "sampan.fronted": sock.family == socket.AF_UNIX and is_private(sock),
        }

    def _pause(self) -> None:
        for listener in self._listeners:
            listener.pause()

    def _reopen_or_stop(self) -> None:
        context = self._context
        if not context.stopping:
            if len(context.clients) < self.limits.connections:
                for listener in self._listeners:
                    listener.open()
        elif not context.clients:
            self.loop.stop()


def is_private(sock: socket.socket) -> bool:
    """Whether a unix socket is not world-writable (unix(7): connecting needs write permission)."""
    path = sock.getsockname()
    if not isinstance(path, str) or not path:  # an abstract socket has no mode
        return False
    if os.stat(path).st_mode & _OTHERS_WRITE:
        log.warning(
            "%s is world-writable, so its clients are not trusted as the front proxy; set gunicorn's umask = 0o117",
            path,
        )
        return False
    return True
