"""Handoff: how a WSGI application answers a request later instead of in the call.

This server puts ``sampan.loop`` (a Loop) into the WSGI environ. If it is present, the application may raise one of the
three exceptions below. They derive from BaseException so that frameworks do not catch them. Under any other WSGI server
``sampan.loop`` is absent, and the application must block or return generators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sampan_http.answers import Answer

#: Runs on the loop thread; returns the Answer for the parked connection, or raises Parked again.
Outcome = Callable[[], Answer]


class Connection(Protocol):
    """A hijacked client connection, still on the loop. All methods are for the loop thread only."""

    def send(self, data: bytes) -> None:
        """Queue bytes; what the socket does not accept now is sent when it is writable."""

    def buffered(self) -> int:
        """Queued bytes that are not sent yet."""

    def close(self) -> None:
        """Send the queued bytes, then close."""

    def abort(self) -> None:
        """Close at once."""

    on_close: Callable[[], None] | None  # called once: the peer has gone, or after close/abort
    on_data: Callable[[bytes], None] | None  # called with bytes that the peer sends; None: they are ignored


class Loop(Protocol):
    """The server's event loop."""

    def call_soon(self, function: Callable[[], None]) -> None:
        """Run ``function`` on the loop thread. May be called from any thread."""

    def call_later(self, delay: float, function: Callable[[], None]) -> Callable[[], None]:
        """Run ``function`` after ``delay`` seconds. Returns a function that cancels. Loop thread only."""


class Parked(BaseException):
    """Answer later. ``begin(resume)`` starts the work and returns at once; the work calls ``resume(outcome)`` once,
    from any thread."""

    def __init__(self, begin: Callable[[Callable[[Outcome], None]], None]) -> None:
        self.begin = begin


class Hijacked(BaseException):
    """The handler takes over the connection, which stays on the loop (watches). ``take(connection)`` is called on the
    loop thread and must send the response head."""

    def __init__(self, take: Callable[[Connection], None]) -> None:
        self.take = take


class Offloaded(BaseException):
    """``run()`` may block: it is called on the pool and returns the Answer. An iterator body is sent chunked over a
    blocking socket. ``run_raw(sock)``, if given instead, gets the blocking (TLS) socket itself, for WebSockets and
    tunnels; the connection is closed when it returns. ``heavy``: the work computes instead of waiting, so only a few
    such run at a time (each competes with the loop for the interpreter), and beyond a limit they are refused."""

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
