"""What all connections of one server share. Knows neither listeners nor how connections work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sampan.apiserver.worker.answers import Heads as AnswerHeads
from sampan.apiserver.worker.budget import BodyBudget
from sampan.apiserver.worker.heads import Environ, Heads
from sampan.apiserver.worker.inspection import Inspect, accept
from sampan.apiserver.worker.limits import Limits
from sampan.apiserver.worker.loop import EventLoop
from sampan.apiserver.worker.pool import Pool

#: Called once for each answer when access is logged: environ, status line, headers, bytes of body, seconds.
Access = Callable[[Environ, str, Sequence[tuple[str, str]], int, float], None]


class Client(Protocol):
    """An open connection, HTTP or taken over."""

    def retire(self) -> None:
        """The server stops: close as soon as what is under way is done."""

    def abort(self) -> None:
        """Close at once."""


class Service:
    """The application, the loop, the pool and the books of one server."""

    __slots__ = (
        "access",
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
        "served",
        "stopping",
    )

    def __init__(self, app: Callable[..., Any], loop: EventLoop, limits: Limits, access: Access | None) -> None:
        self.app = app
        self.inspect: Inspect = getattr(app, "inspect_head", accept)
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
