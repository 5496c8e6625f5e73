"""How many values a JSON text holds, counted without building them and never in one long step.

A parser in C holds the interpreter until it is done: 3 MB of empty lists take it 400 ms, in which no other thread runs,
on whatever thread it is called. So a large text is counted first, a slice at a time. Upstream has no such limit on
values, but none of its stored objects may be larger than 1.5 MB (etcd's limit on a request).
"""

from __future__ import annotations

from sampan.errors import TooLarge

FROM = 64 << 10  # bytes of a text that is worth counting
MOST_CONTAINERS = 60_000  # lists and objects
MOST_KEYS = 30_000  # of objects; the largest published CRDs have about 25,000
MOST_VALUES = 200_000
DEEP = 1_000  # open lists and objects at which every parser gives up at once
_SLICE = 64 << 10


def check(text: bytes) -> None:
    """Raises TooLarge for a text with too many values. A text that is not JSON is counted somehow, which is harmless:
    it is refused when it is read."""
    if len(text) < FROM:
        return
    containers = keys = separators = closed = 0
    inside = False  # a string
    escaping = False  # the last slice ended with a backslash that is not escaped itself
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
