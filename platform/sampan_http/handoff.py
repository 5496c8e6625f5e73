"""How a WSGI application hands a request over instead of answering it in the call.

This server puts ``sampan.loop`` (a Loop) into the WSGI environ; where it is present the application may raise one of
the three exceptions below. They derive from BaseException so that frameworks let them pass. Under any other WSGI server
``sampan.loop`` is absent, and the application blocks or answers with generators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sampan_http.answers import Answer

#: Runs on the loop thread; returns the Answer for the parked connection, or raises Parked again.
Outcome = Callable[[], Answer]


class Connection(Protocol):
    """A client connection taken over from HTTP, still owned by the loop. All methods are for the loop thread only."""

    def send(self, data: bytes) -> None:
        """Queue bytes; what the socket does not take at once is kept and sent when it does."""

    def buffered(self) -> int:
        """Bytes that the client has not taken yet."""

    def close(self) -> None:
        """Send what is queued, then close."""

    def abort(self) -> None:
        """Close at once."""

    on_close: Callable[[], None] | None  # called once, when the peer has gone or after close/abort
    on_data: Callable[[bytes], None] | None  # bytes the peer sends after the takeover; None: they are ignored


class Loop(Protocol):
    """The worker's event loop."""

    def call_soon(self, function: Callable[[], None]) -> None:
        """Run on the loop thread soon; from any thread, also from the loop thread itself."""

    def call_later(self, delay: float, function: Callable[[], None]) -> Callable[[], None]:
        """Run on the loop thread after so many seconds; loop thread only; returns a function that cancels."""


class Parked(BaseException):
    """Answer later: ``begin(resume)`` starts the work and returns at once; somebody calls ``resume(outcome)`` from
    any thread, once."""

    def __init__(self, begin: Callable[[Callable[[Outcome], None]], None]) -> None:
        self.begin = begin


class Hijacked(BaseException):
    """The connection leaves HTTP and stays on the loop (watches): ``take(connection)`` is called on the loop thread.
    The handler's taker sends its own response head."""

    def __init__(self, take: Callable[[Connection], None]) -> None:
        self.take = take


class Offloaded(BaseException):
    """``run()`` may block: it is called on the pool and returns the Answer (its iterator body, if any, is drained,
    chunk-encoded, with a blocking socket). ``run_raw(sock)``, if given instead, gets the blocking (TLS) socket itself,
    for WebSockets and tunnels; the connection is closed when it returns. ``heavy``: it computes rather than waits, so
    only a few such run at a time (each competes with the loop for the interpreter), and too many are refused."""

    def __init__(
        self,
        run: Callable[[], Answer] | None = None,
        *,
        run_raw: Callable[[object], None] | None = None,
        heavy: bool = False,
    ) -> None:
        self.run = run
        self.run_raw = run_raw
        self.heavy = heavy
