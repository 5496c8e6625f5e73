"""Docker's raw streams: frames of [channel,0,0,0,length] taken apart, logs by line, exec and attach as ``Stream``."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from sampan_docker.translation import nanoseconds

HEAD = struct.Struct(">BxxxL")
Read = Callable[[int], bytes]
LONGEST = 16384  # bytes of a line that the engine keeps in one piece
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ")


def frames(read: Read) -> Iterator[tuple[int, bytes]]:
    """(channel, bytes) until the stream ends."""
    while len(head := _exactly(read, HEAD.size)) == HEAD.size:
        channel, length = HEAD.unpack(head)
        yield channel, _exactly(read, length)


def _exactly(read: Read, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = read(size - len(data))
        if not more:
            break
        data += more
    return data


def log_lines(answer: Any, *, tty: bool) -> Iterator[tuple[int, int, bytes]]:
    """Lines of a logs answer asked with timestamps, a long one in parts; closes it."""
    try:
        source = _plain_lines(answer) if tty else frames(answer.raw.read)
        for channel, data in source:
            stamp, _, text = data.partition(b" ")
            with contextlib.suppress(ValueError):
                yield nanoseconds(stamp.decode()), channel, text
    finally:
        answer.close()


def _plain_lines(answer: Any) -> Iterator[tuple[int, bytes]]:
    """Of a terminal, where no frame says where a part of a long line ends: the engine cuts lines at LONGEST bytes and
    puts the time before each part."""
    rest = b""
    for data in answer.raw.stream(65536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield from ((1, part) for part in _parts(line + b"\n"))
        *begun, rest = _parts(rest)
        yield from ((1, part) for part in begun)
    if rest:
        yield 1, rest


def _parts(line: bytes) -> list[bytes]:
    found, at = [], 0
    while match := _STAMP.match(line, cut := line.find(b" ", at) + 1 + LONGEST):
        found.append(line[at:cut])
        at = match.start()
    return [*found, line[at:]]


class SocketStream:
    """A hijacked connection of exec or attach."""

    def __init__(
        self, connection: Any, *, tty: bool, code: Callable[[], int], resize: Callable[[int, int], None]
    ) -> None:
        # The SDK hands out a SocketIO around the socket, or the socket itself, by version and transport.
        self._connection, self._socket = connection, getattr(connection, "_sock", connection)
        self._tty, self._code, self._resize = tty, code, resize
        self._socket.settimeout(None)

    def output(self) -> Iterator[tuple[int, bytes]]:
        try:
            if self._tty:
                while data := self._socket.recv(32768):
                    yield 1, data
                return
            file: BinaryIO = self._socket.makefile("rb")
            with file:
                yield from frames(file.read)
        except OSError:
            return  # closed from our side while waiting

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # the program reads no more; its exit code is what counts
            self._socket.sendall(data)

    def close_input(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def resize(self, width: int, height: int) -> None:
        self._resize(width, height)

    def exit_code(self) -> int:
        return self._code()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        response = getattr(self._connection, "_response", None)  # the SDK keeps it alive this way
        with contextlib.suppress(OSError, ValueError):
            if response is not None:
                response.close()
        self._connection.close()
        self._socket.close()
