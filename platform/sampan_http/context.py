"""State that all connections of one server share. Knows neither listeners nor how connections work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sampan_http.answers import ResponseHeads
from sampan_http.budget import BodyBudget
from sampan_http.heads import Environ, Heads
from sampan_http.inspection import Inspect, accept
from sampan_http.limits import Limits
from sampan_http.loop import EventLoop
from sampan_http.pool import Pool
from sampan_http.refusals import AnswerError, Refuse, plain, unknown

#: Called once for each answer when access is logged: environ, status line, headers, bytes of body, seconds.
Access = Callable[[Environ, str, Sequence[tuple[str, str]], int, float], None]


class Client(Protocol):
    """An open connection, HTTP or hijacked."""

    def drain(self) -> None:
        """The server drains: close as soon as no request is in flight."""

    def abort(self) -> None:
        """Close at once."""


class ServerContext:
    """The application, the loop, the pools and the counters of one server."""

    __slots__ = (
        "access",
        "answer_error",
        "app",
        "bodies",
        "clients",
        "has_successor",
        "heads",
        "heavy",
        "inspect",
        "limits",
        "loop",
        "on_connection_closed",
        "pool",
        "refuse",
        "response_heads",
        "served",
        "stopping",
    )

    def __init__(self, app: Callable[..., Any], loop: EventLoop, limits: Limits, access: Access | None) -> None:
        self.app = app
        self.inspect: Inspect = getattr(app, "inspect_head", accept)
        self.refuse: Refuse = getattr(app, "refuse", plain)
        self.answer_error: AnswerError = getattr(app, "answer_error", unknown)
        self.bodies = BodyBudget(limits.bodies_bytes, limits.account_bodies_bytes)
        self.loop = loop
        self.limits = limits
        self.access = access
        self.pool = Pool(limits.threads, limits.thread_idle_seconds)
        self.heavy = Pool(limits.heavy_threads, limits.thread_idle_seconds)
        self.heads = Heads(limits.head_fields)
        self.response_heads = ResponseHeads()
        self.clients: set[Client] = set()
        self.on_connection_closed: Callable[[], None] = lambda: None  # set by the server
        self.served = 0  # requests passed to the application
        self.stopping = False
        self.has_successor = False  # draining with a successor: keep-alive connections may send one more request

    def ended(self, client: Client) -> None:
        """A connection was closed: forget it."""
        self.clients.discard(client)
        self.on_connection_closed()
