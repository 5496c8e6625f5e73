"""Server-side TLS: one context for all connections, client certificates optional."""

from __future__ import annotations

import logging
import os
import socket
import ssl
from collections.abc import Sequence

log = logging.getLogger(__name__)


def server_context(certificate: str, key: str | None = None, client_ca: str | None = None) -> ssl.SSLContext:
    """A context for TLS 1.2 and 1.3 from PEM files; with ``client_ca`` a client may present a certificate.

    HTTP/2 is not offered: a watch would block the other streams of its connection. Session tickets are enabled.
    Raises OSError or ssl.SSLError for files that cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key or None)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


class ReloadingContext:
    """Rebuilds the TLS context when one of its files changes. If the files cannot be used, the old context stays."""

    def __init__(self, certificate: str, key: str | None = None, client_ca: str | None = None) -> None:
        self._files = (certificate, key, client_ca)
        self._seen = self._look()
        self.context = server_context(*self._files)

    def current(self) -> ssl.SSLContext:
        """The context for new connections. Costs one stat call per file."""
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            try:
                self.context = server_context(*self._files)
                log.info("new certificates from %s", self._files[0])
            except (OSError, ssl.SSLError) as error:  # perhaps only half of a pair: the other half is noticed too
                log.warning("certificates of %s cannot be used: %s", self._files[0], error)
        return self.context

    def _look(self) -> Sequence[tuple[int, int, int]]:
        return [_stamp(path) for path in self._files if path]


def _stamp(path: str) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns


def send_close_notify(sock: socket.socket) -> None:
    """Send close_notify without waiting for the peer's, so that the peer can tell a proper end from a truncation."""
    if isinstance(sock, ssl.SSLSocket):
        try:
            sock.setblocking(False)
            sock.unwrap()
        except (OSError, ValueError):
            return  # the peer has not answered yet, or is gone: either way nothing is left to say
