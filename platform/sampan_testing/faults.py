"""Faults that a simulation injects into the requests of control-plane components, each with its probability."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from sampan.contracts.access import User
from sampan.errors import Conflict, InternalError, StatusError
from sampan_client.inprocess import Application
from sampan_client.transports import Response, Stream
from sampan_testing.polling import News, PolledTransport

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Faults:
    """Probabilities: of each write, unless it says otherwise."""

    crashes: float = 0.004
    """The component ends before or after the write, with all that it had in memory, and starts again."""
    lost_answers: float = 0.01
    """The write is done, and the component is told that the connection broke."""
    unreachable: float = 0.01
    """The connection breaks before the write."""
    conflicts: float = 0.01
    """A PUT or PATCH is refused with 409 although nothing has changed."""
    errors: float = 0.005
    """The server answers 500."""
    slow: float = 0.02
    """The store takes up to ten seconds."""
    stale: float = 0.5
    """Of each informer and change: it is shown later than other informers and than answers to writes."""
    lost_nodes: float = 0.3
    """Of each step of the script: a node is lost for some minutes."""


NONE = Faults(0, 0, 0, 0, 0, 0, 0, 0)


class Crashed(BaseException):
    """A component has ended in the middle of its work. Not an Exception: no handler of the component's may catch it."""


class FaultyTransport(PolledTransport):
    """``faults`` is asked before every write, for they may be switched off. ``told(method, path)`` hears of each
    request; ``wait(seconds)`` lets time pass."""

    def __init__(
        self, app: Application, user: User, news: News, mark: Callable[[Stream], None], *,
        faults: Callable[[], Faults], random: Random, told: Callable[[str, str, int], None],
        wait: Callable[[float], None],
    ) -> None:  # fmt: skip
        super().__init__(app, user, news, mark)
        self._faults, self._random, self._told, self._wait = faults, random, told, wait

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        if method not in _WRITES:
            return super().send(method, path, headers, body)
        faults, chance = self._faults(), self._random.random
        if chance() < faults.slow:
            self._wait(self._random.uniform(0.1, 10.0))
        if chance() < faults.crashes / 2:
            raise Crashed(f"before {method} {path}")
        if chance() < faults.unreachable:
            raise ConnectionError("the simulated connection broke before the request")
        if method in ("PUT", "PATCH") and chance() < faults.conflicts:
            return _refusal(Conflict("the simulated store has another revision: please apply your changes again"))
        if chance() < faults.errors:
            return _refusal(InternalError("the simulated server failed"))
        response = super().send(method, path, headers, body)
        self._told(method, path, response.status)
        if chance() < faults.crashes / 2:
            raise Crashed(f"after {method} {path}")
        if chance() < faults.lost_answers:
            raise ConnectionError("the simulated connection broke after the request")
        return response


def _refusal(error: StatusError) -> Response:
    return Response(error.code, {"content-type": "application/json"}, json.dumps(error.to_status()).encode())
