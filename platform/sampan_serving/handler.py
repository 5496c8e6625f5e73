"""A request handler over TLS.

The handshake is done on the connection's own thread and has a time limit: on the listening socket, one silent client
would delay all others.
"""

from __future__ import annotations

import ssl
from http.server import BaseHTTPRequestHandler


class TlsHandler(BaseHTTPRequestHandler):
    """``timeout``: seconds that a client may be silent after the handshake."""

    protocol_version = "HTTP/1.1"
    handshake_seconds: float = 60  # that a client may be silent during the handshake

    def tls_context(self) -> ssl.SSLContext | None:
        """Asked for each connection. None: plain HTTP. A ConnectionError closes the connection."""
        return None

    def setup(self) -> None:
        context = self.tls_context()
        if context is not None:
            self.request.settimeout(self.handshake_seconds)
            self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """The server closes the socket that it accepted; the TLS socket that replaced it is closed here."""
        try:
            super().finish()
        finally:
            self.request.close()
