"""Failures of a connection are worded as Go's."""

import errno
import ssl

import pytest

from sampan_webhookclient.failures import words


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, ""), "dial tcp 10.0.0.1:443: connect: connection refused"),
        (ConnectionResetError(errno.ECONNRESET, ""), "read tcp 10.0.0.1:443: connection reset by peer"),
        (OSError(errno.EHOSTUNREACH, ""), "dial tcp 10.0.0.1:443: connect: no route to host"),
        (ssl.SSLError(1, "odd"), "tls: "),
        (ValueError("EOF"), "EOF"),
    ],
)
def test_words(error, wanted):
    assert words(error, "10.0.0.1:443").startswith(wanted)
