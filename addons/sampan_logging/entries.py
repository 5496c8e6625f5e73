"""What the spool holds: entries, each some lines of one container and how far that container has been read.

Pure: bytes in, entries out, and the other way round; the frame around each entry carries its length and a checksum, so
that a truncated or corrupt one is detected. Must not know files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import msgspec

from sampan_logging.lines import LinePosition

HEAD = struct.Struct(">LL")  # length of the body, CRC-32 of length and body
LARGEST = 64 << 20  # no entry is longer: a greater length means corruption


class Source(msgspec.Struct, frozen=True, array_like=True):
    """Whose lines: what becomes each document's ``kubernetes``. ``kind``: container, init, sidecar, ephemeral."""

    namespace: str
    pod: str
    uid: str
    node: str
    container: str
    kind: str = "container"
    image: str = ""
    labels: dict[str, str] = {}

    @property
    def key(self) -> str:
        return f"{self.uid}/{self.container}"

    @property
    def words(self) -> str:
        return f"{self.namespace}/{self.pod} {self.container}"


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """How far one container has been read: of which of its runs, up to which line, and whether that run's log has been
    read to its end. ``forgotten``: the pod is gone and nothing of it will be asked for again."""

    run: int
    position: LinePosition | None = None
    ended: bool = False
    forgotten: bool = False


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """Lines are (nanoseconds, ordinal, text). ``gap``: what is missing behind them, in words, found at ``at`` (ns)."""

    source: Source
    progress: Progress
    lines: list[tuple[int, int, bytes]] = []
    gap: str = ""
    at: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


def encode(entry: Entry) -> bytes:
    """The entry in its frame."""
    body = _encode(entry)
    return HEAD.pack(len(body), _checksum(len(body), body)) + body


def decode(body: bytes) -> Entry:
    """Raises ValueError."""
    try:
        return _decode(body)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not an entry: {error}") from error


def bodies(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """(offset behind it, body) of each whole and sound entry from ``start`` on; ends at the first that is not."""
    at = start
    while (body := body_at(data, at)) is not None:
        at += HEAD.size + len(body)
        yield at, body


def body_at(data: bytes, at: int) -> bytes | None:
    """The body of the entry that begins there; None when it is truncated or corrupt, or nothing is there."""
    if len(data) - at < HEAD.size:
        return None
    length, expected = HEAD.unpack_from(data, at)
    body = data[at + HEAD.size : at + HEAD.size + length]
    if length > LARGEST or len(body) < length or _checksum(length, body) != expected:
        return None
    return body


def _checksum(length: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(length.to_bytes(4, "big")))
