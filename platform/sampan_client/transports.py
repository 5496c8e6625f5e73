"""Contract between the client and its transports: sockets (http.py) or direct calls (inprocess.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Response(NamedTuple):
    """A complete answer; header names in lower case."""

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
        """Whether there are no more lines."""

    @property
    def body(self) -> bytes:
        """The body of an answer with status >= 400, once it has ended."""

    def fileno(self) -> int:
        """A descriptor for select; -1 if the transport has none, or after ``close``."""

    def wait(self, timeout: float | None = None) -> None:
        """Wait until there may be something to read, the stream is closed, or ``timeout`` seconds have passed."""

    def read(self, timeout: float | None = None, most: int = 0) -> list[bytes]:
        """The complete lines that have arrived. Waits for the first bytes at most ``timeout`` seconds (None: for ever)
        and returns nothing if none came. Raises ConnectionError if the connection broke.

        ``most``: return after about that many bytes although there may be more; read until nothing comes before
        waiting.
        """

    def close(self) -> None: ...


class Transport(Protocol):
    """Sends requests. Thread-safe; raises ConnectionError if the server cannot be reached."""

    #: Whether streams have a ``fileno`` to select on.
    selectable: bool

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response: ...

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> Stream:
        """Start a GET whose answer is read line by line; does not wait for the answer's head. ``longest``: bytes of a
        line; a longer one may be split (``streams.Piece``)."""

    def close(self) -> None: ...
