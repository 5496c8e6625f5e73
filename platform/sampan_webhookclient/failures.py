"""Why a call to a webhook failed, in the words of Go's net/http, which users of Kubernetes search for."""

from __future__ import annotations

import errno
import os
import ssl

DEADLINE = "context deadline exceeded"


class CallFailed(Exception):
    """There is no usable answer. ``timed_out``: because the deadline has passed."""

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out
        self.seconds = 0.0  # from the beginning of the call


def words(error: Exception, address: str) -> str:
    """What went wrong with a connection to ``host:port``."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"tls: failed to verify certificate: x509: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"tls: {getattr(error, 'reason', None) or error}".replace("_", " ").lower()
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {address}: connect: connection refused"
    if isinstance(error, ConnectionResetError):
        return f"read tcp {address}: connection reset by peer"
    if isinstance(error, OSError) and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return f"dial tcp {address}: connect: {os.strerror(error.errno).lower()}"
    return str(error) or type(error).__name__
