"""Counts the values of a JSON text without building them, in slices.

A parser in C holds the interpreter lock until it returns: 3 MB of empty lists take 400 ms, during which no other thread
runs. So a large text is counted first, a slice at a time. Upstream has no such limit on values, but its stored objects
cannot be larger than 1.5 MB (etcd's limit on a request).
"""

from __future__ import annotations

from sampan.errors import TooLarge

FROM = 64 << 10  # bytes from which a text is counted
MOST_CONTAINERS = 60_000  # lists and objects
MOST_KEYS = 30_000  # of objects; the largest published CRDs have about 25,000
MOST_VALUES = 200_000
DEEP = 1_000  # nested lists and objects at which every parser fails at once
_SLICE = 64 << 10


def check(text: bytes) -> None:
    """Raises TooLarge for a text with too many values. The count is undefined for a text that is not JSON, which is
    refused later by the parser."""
    if len(text) < FROM:
        return
    containers = keys = separators = closed = 0
    inside = False  # inside a string
    escaping = False  # the last slice ended with an unescaped backslash
    for start in range(0, len(text), _SLICE):
        piece = text[start : start + _SLICE]
        if escaping:
            piece = piece[1:]
        piece = piece.replace(b"\\\\", b"")
        escaping = piece.endswith(b"\\")
        pieces = piece.replace(b'\\"', b"").split(b'"')
        outside = b"".join(pieces[inside::2])
        inside ^= len(pieces) % 2 == 0
        containers += outside.count(b"[") + outside.count(b"{")
        closed += outside.count(b"]") + outside.count(b"}")
        if containers - closed > DEEP:
            return
        keys += outside.count(b":")
        separators += outside.count(b",")
        if containers > MOST_CONTAINERS:
            raise TooLarge(f"the body holds more than {MOST_CONTAINERS} lists and objects")
        if keys > MOST_KEYS:
            raise TooLarge(f"the body holds more than {MOST_KEYS} keys")
        if containers + separators > MOST_VALUES:
            raise TooLarge(f"the body holds more than {MOST_VALUES} values")
