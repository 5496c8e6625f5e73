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
    def user(self) -> User: ...

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


class RequestOutcome(NamedTuple):
    """How a request ended."""

    status: int  # of the answer; 0: there was none, as the client had left or the server was full
    seconds: float  # since its head was read; of a watch or a stream, until its end
    annotations: Mapping[str, str]  # what admitters noted (``Review.audit_annotations``)


#: Called once with the outcome, from any thread; must not block. What it raises is logged.
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

    def enter(self, request: ChainRequest) -> OutcomeCallback | None:
        """Asked once about every request that has come so far, also from within the process, on any thread. Returns
        what shall be told of the outcome, None where nothing. Raises a StatusError to refuse, Later to let it wait.

        A request that is refused by its head alone (401, 403 before its body is read) is told of as well, but ``enter``
        then cannot delay or refuse it any more.
        """
