"""JSON bodies with text that is no text: bytes that are not UTF-8, and escapes of half a surrogate pair.

Go's decoder puts U+FFFD where they are, so clients get away with them. ``repaired`` does the same once, before anything
reads the body; no reader after it meets either. Source: Go encoding/json (meaning).
"""

from __future__ import annotations

import codecs
import re

#: An escape of a whole pair, of half a pair, or any other: looked at from left to right, none is taken apart.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_MAY_BE_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def repaired(body: bytes) -> bytes:
    """The body as Go reads it; the same object where nothing is wrong."""
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
    """One U+FFFD for each byte, where Python's own handler puts one for a sequence that breaks off."""
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd" * (error.end - error.start), error.end


codecs.register_error("sampan.each_byte", _each_byte)
