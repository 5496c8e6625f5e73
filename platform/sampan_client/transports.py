"""What the client asks of whatever carries its requests: sockets (http.py) or a direct call (inprocess.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Response(NamedTuple):
    """A whole answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Stream(Protocol):
    """A watch's answer, line by line. One thread reads; ``close`` may come from any thread and ends the reading."""

    @property
    def status(self) -> int:
        """0 until the head has arrived."""

    @property
    def ended(self) -> bool:
        """No more lines will come."""

    @property
    def body(self) -> bytes:
        """What an answer with status >= 400 said, once it has ended."""

    def fileno(self) -> int:
        """A socket to select on; -1 where the transport is not selectable, or when closed."""

    def wait(self, timeout: float | None = None) -> None:
        """Until there may be something to read, or the stream is closed, or so many seconds have passed."""

    def read(self, timeout: float | None = None, most: int = 0) -> list[bytes]:
        """The complete lines that have come; waits for the first bytes at most ``timeout`` seconds (None: for ever)
        and returns nothing when none came. Raises ConnectionError when the connection broke.

        ``most``: stop after about so many bytes though there may be more; read until nothing comes before waiting."""

    def close(self) -> None: ...


class Transport(Protocol):
    """Carries requests. Thread-safe; raises ConnectionError when the server is not reached."""

    #: Whether one thread can follow many streams by their ``fileno``.
    selectable: bool

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response: ...

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> Stream:
        """Start a GET whose answer is read line by line; does not wait for the answer's head. ``longest``: of a line,
        in bytes; a longer one may come in parts (``streams.Piece``)."""

    def close(self) -> None: ...
