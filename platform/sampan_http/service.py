"""What all connections of one server share. Knows neither listeners nor how connections work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sampan_http.answers import Heads as AnswerHeads
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
    """An open connection, HTTP or taken over."""

    def retire(self) -> None:
        """The server stops: close as soon as what is under way is done."""

    def abort(self) -> None:
        """Close at once."""


class Service:
    """The application, the loop, the pool and the counts of one server."""

    __slots__ = (
        "access",
        "answer_error",
        "answers",
        "app",
        "bodies",
        "clients",
        "heads",
        "heavy",
        "inspect",
        "limits",
        "loop",
        "on_room",
        "patient",
        "pool",
        "refuse",
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
        self.answers = AnswerHeads()
        self.clients: set[Client] = set()
        self.on_room: Callable[[], None] = lambda: None  # a connection ended; the server says what then
        self.served = 0  # requests given to the application
        self.stopping = False
        self.patient = False  # stopping, but kept connections may be used once more: somebody else serves on

    def ended(self, client: Client) -> None:
        """Strike a closed connection off."""
        self.clients.discard(client)
        self.on_room()
