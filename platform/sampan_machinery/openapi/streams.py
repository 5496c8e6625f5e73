"""JSON objects whose members are built one after the other, so that a large document is never in memory as a whole."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

_GZIP = 31  # zlib's wbits for the largest window with a gzip header


class Members(NamedTuple):
    """A JSON object; can be iterated once."""

    pairs: Iterable[tuple[str, Any]]

    def items(self) -> Iterable[tuple[str, Any]]:
        return self.pairs


def encoded(value: Any) -> Iterator[bytes]:
    """The JSON of a value, piece by piece."""
    if not isinstance(value, Members):
        yield msgspec.json.encode(value)
        return
    before = b"{"
    for name, each in value.pairs:
        yield before + msgspec.json.encode(name) + b":"
        yield from encoded(each)
        before = b","
    yield b"{}" if before == b"{" else b"}"


def gzipped(pieces: Iterable[bytes]) -> bytes:
    """The concatenated pieces, compressed; deterministic."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return b"".join([*(packer.compress(piece) for piece in pieces), packer.flush()])
