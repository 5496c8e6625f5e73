"""Chain steps: plugins that are asked about every request, and told how it ended (audit, flow control, rate limits)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from sampan.contracts.access import User
from sampan.errors import StatusError


class ChainRequest(Protocol):
    """A request on its way through the chain. Not to be changed; ``user`` is anonymous before ``authenticate``."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def query(self) -> Mapping[str, list[str]]: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name. They hold the caller's credentials: never to be logged whole."""

    @property
    def uri(self) -> str:
        """Path and query as they were sent."""

    @property
    def peer(self) -> str:
        """Address of the connection, "" for a unix socket or in process."""

    @property
    def user(self) -> User: ...

    @property
    def caller(self) -> User:
        """Who was authenticated: another than ``user`` where that is impersonated."""

    @property
    def verb(self) -> str:
        """get, list, watch, create …; of a path that is no resource the method in lower case."""

    @property
    def group(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def resource(self) -> str:
        """The plural; "" for a path that is no resource."""

    @property
    def subresource(self) -> str: ...

    @property
    def namespace(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def sensitive(self) -> bool:
        """Whether its kind holds what is never logged (``Kind.sensitive``)."""

    @property
    def objects(self) -> int:
        """How many objects of its resource there are."""

    @property
    def on_loop(self) -> bool:
        """Whether the server's event loop serves it now: what it computes, all others wait for."""

    def keep_body(self) -> None:
        """Called in ``enter``: ``body`` shall be known when the outcome is told."""

    @property
    def body(self) -> bytes:
        """What was sent, where ``keep_body`` was called and it was read."""

    def add_header(self, name: str, value: str) -> None:
        """Send this header with the answer. Not with a watch, whose head is the server's own."""

    def at_end_of_turn(self, function: Callable[[], None]) -> bool:
        """Call it once when the server's event loop has dealt with everything that had arrived; False where there is no
        loop, and it is not called."""


class RequestOutcome(NamedTuple):
    """How a request ended."""

    status: int  # of the answer; 0: there was none, as the client had left or the server was full
    seconds: float  # since its head was read; of a watch or a stream, until its end
    #: What admitters noted (``Review.audit_annotations``), and the authorizers' decision with its reason (``DECISION``,
    #: ``REASON``).
    annotations: Mapping[str, str]
    body: bytes = b""  # of an answer that is no stream, in JSON and not compressed


DECISION, REASON = "authorization.k8s.io/decision", "authorization.k8s.io/reason"

#: Called once with the outcome, from any thread; must not block. What it raises is logged. An object that also has a
#: method ``started(status)`` is told when the answer is a stream that begins (of sampan's own steps and those that are
#: ``inline``).
OutcomeCallback = Callable[[RequestOutcome], None]

#: Lets a waiting request go on, from any thread, once: with what ``enter`` would have returned or raised.
Resume = Callable[[OutcomeCallback | StatusError | None], None]


class Later(Exception):
    """Raised by ``enter``: the request waits, and keeps no thread busy, until ``resume`` is called.

    ``begin(resume)`` is called once, right away, and returns at once. The chain goes on with the next step. A request
    waits ``LONGEST_WAIT`` seconds at most and is then answered with 504.
    """

    def __init__(self, begin: Callable[[Resume], None]) -> None:
        super().__init__("the request waits")
        self.begin = begin


LONGEST_WAIT = 60.0  # seconds


class ChainStep(Protocol):
    """One step of the request chain, in its place among ``authenticate``, ``impersonate`` and ``authorize``."""

    name: str
    # And exactly one of the two, the name of a step of the server or of another plugin:
    #   after: str     comes behind that step; of several, by name
    #   before: str    comes ahead of it
    # A third-party step runs on a thread of its own with a deadline (settings ``deadlines``), and every request with it
    # on a thread of the pool. One that never waits for anything may ask to be called where the request stands:
    #   inline = True
    # An inline one may have ``refused(request, outcome)``, called where a step ahead of it has refused the request.

    def enter(self, request: ChainRequest) -> OutcomeCallback | None:
        """Asked once about every request that has come so far, also from within the process, on any thread. Returns
        what shall be told of the outcome, None where nothing. Raises a StatusError to refuse, Later to let it wait.

        A request that is refused by its head alone (401, 403 before its body is read) is told of as well, but ``enter``
        then cannot delay or refuse it any more.
        """
