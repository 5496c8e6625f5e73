"""JSON bodies with invalid text: bytes that are not UTF-8, and escapes of lone surrogates.

Go's decoder replaces them by U+FFFD, so some clients send them. ``repaired`` does the same once, before the body is
parsed; no later code has to handle them. Source: Go encoding/json (meaning).
"""

from __future__ import annotations

import codecs
import re

#: An escape of a surrogate pair, of a lone surrogate, or any other. Scanned from the left, so no escape is split.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_MAY_BE_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def repaired(body: bytes) -> bytes:
    """The body as Go reads it; the same object if nothing is wrong."""
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            body = body.decode(errors="sampan.each_byte").encode()
    if b"\\u" in body and _MAY_BE_HALF.search(body):
        return _ESCAPE.sub(_whole, body)
    return body


def _whole(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape.group(1) else escape.group()


def _each_byte(error: UnicodeError) -> tuple[str, int]:
    """One U+FFFD for each byte; Python's own handler writes one for a whole truncated sequence."""
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd" * (error.end - error.start), error.end


codecs.register_error("sampan.each_byte", _each_byte)
