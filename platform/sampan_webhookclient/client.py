"""Calls webhooks: one, or several at once on the caller's thread. Connections and TLS contexts are kept.

A thread for each call would be simpler, but a request that a hundred servers have to be asked about would then take a
hundred threads for as long as the slowest of them; here it takes the caller's own.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import tempfile
import threading
import time
import weakref
from collections.abc import Sequence

from sampan_client.http import trusting
from sampan_webhookclient.calls import Call
from sampan_webhookclient.destinations import Destination, Trust
from sampan_webhookclient.failures import CallFailed
from sampan_webhookclient.lookups import Lookups
from sampan_webhookclient.responses import Reply
from sampan_webhookclient.running import Running

IDLE_SECONDS = 60.0  # after which a kept connection is not used any more
MOST_IDLE = 16  # kept for each server
MOST_CONTEXTS = 256

Key = tuple[str, int, str, Trust, bool]


class WebhookClient:
    """May be used by several threads at a time."""

    def __init__(self, lookups: Lookups | None = None) -> None:
        self._lookups = lookups or Lookups()
        self._contexts: dict[Trust, ssl.SSLContext] = {}
        self._idle: dict[Key, list[tuple[float, socket.socket]]] = {}
        weakref.finalize(self, _close_all, self._idle)  # with the server that it is of
        self._swept = time.monotonic()
        self._lock = threading.Lock()

    def call(self, call: Call) -> Reply:
        """Raises CallFailed."""
        found = self.call_all([call])[0]
        if isinstance(found, CallFailed):
            raise found
        return found

    def call_all(self, calls: Sequence[Call]) -> list[Reply | CallFailed]:
        """All at once; each one's reply, or why there is none."""
        if not calls:
            return []
        running = Running(self, self._lookups, calls)
        try:
            return running.run()
        finally:
            running.close()

    def close(self) -> None:
        """Close what is kept."""
        with self._lock:
            _close_all(self._idle)

    # -- what is kept

    def take(self, destination: Destination) -> socket.socket | None:
        """A kept connection to one of the addresses, that the other side has not closed."""
        now = time.monotonic()
        for host, port in destination.addresses:
            key = _key(destination, host, port)
            while True:
                with self._lock:
                    connections = self._idle.get(key)
                    if not connections:
                        self._idle.pop(key, None)
                        break
                    since, sock = connections.pop()
                if now - since < IDLE_SECONDS and _is_quiet(sock):
                    return sock
                sock.close()
        return None

    def keep(self, destination: Destination, host: str, port: int, sock: socket.socket) -> None:
        now, key = time.monotonic(), _key(destination, host, port)
        with self._lock:
            connections = self._idle.setdefault(key, [])
            connections.append((now, sock))
            stale = [connections.pop(0)[1]] if len(connections) > MOST_IDLE else []
            if now - self._swept >= IDLE_SECONDS:
                stale += self._sweep(now)
        for old in stale:
            old.close()

    def _sweep(self, now: float) -> list[socket.socket]:
        """What has been idle for too long, taken out: its server may be gone for good."""
        self._swept, stale = now, []
        for key, connections in list(self._idle.items()):
            stale += [sock for since, sock in connections if now - since >= IDLE_SECONDS]
            self._idle[key] = [each for each in connections if now - each[0] < IDLE_SECONDS]
            if not self._idle[key]:
                del self._idle[key]
        return stale

    def context(self, trust: Trust) -> ssl.SSLContext:
        """Raises CallFailed for authorities or a certificate that cannot be used."""
        with self._lock:
            known = self._contexts.get(trust)
            if known is not None:
                return known
        try:
            context = new_context(trust)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise CallFailed(f"unable to load root certificates: {error}") from None
        with self._lock:
            if len(self._contexts) >= MOST_CONTEXTS:
                self._contexts.clear()
            self._contexts[trust] = context
        return context


def new_context(trust: Trust) -> ssl.SSLContext:
    context = trusting(trust.authorities, insecure=trust.insecure)
    if trust.certificate:
        _show_certificate(context, trust)
    return context


def _show_certificate(context: ssl.SSLContext, trust: Trust) -> None:
    """The ssl module takes a certificate and its key from files only."""
    with tempfile.TemporaryDirectory(prefix="sampan-") as folder:
        paths = []
        for name, content in (("crt", trust.certificate), ("key", trust.key)):
            paths.append(os.path.join(folder, name))
            with open(os.open(paths[-1], os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(content)
        context.load_cert_chain(*paths)


def _close_all(idle: dict[Key, list[tuple[float, socket.socket]]]) -> None:
    for connections in idle.values():
        for _, sock in connections:
            sock.close()
    idle.clear()


def _key(destination: Destination, host: str, port: int) -> Key:
    return host, port, destination.server_name, destination.trust, destination.plain


def _is_quiet(sock: socket.socket) -> bool:
    """Whether an idle connection is still open: it has nothing to read, not even its end."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)
