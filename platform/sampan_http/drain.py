"""The end of a server, in order, so that nobody loses a request by it. Knows neither gunicorn nor HTTP.

Where somebody else serves on (the workers are replaced), connections are accepted until a successor takes them, however
long that is: one that cannot begin must not cost the service. Then a kept connection may be used once more, and is told
in that answer that it was the last time, since closing one just when a request is on its way would lose the request;
and streams end one after another, so that their clients do not all come at once to the successors. Where nobody serves
on, idle connections and streams end at once.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import NamedTuple

from sampan_http.service import Service
from sampan_http.takeover import Takeover

log = logging.getLogger(__name__)

_LOOK_EVERY = 0.1  # seconds, for a successor
_ASK_EVERY = 0.5  # seconds, whether somebody serves on


class Others(NamedTuple):
    """What a server that stops asks of whoever runs it; by default nobody else is there."""

    are_awaited: Callable[[], bool] = lambda: False
    """Whether a successor is on its way and does not serve yet."""
    let_go: Callable[[], None] = lambda: None
    """Nothing more is accepted here: listening sockets may be closed."""
    serve_on: Callable[[], bool] = lambda: False
    """Whether somebody accepts connections in this server's place; asked after let_go."""


class Drain:
    """From ``begin`` to the loop's end."""

    def __init__(self, service: Service, others: Others, deafen: Callable[[], None]) -> None:
        self._service = service
        self._others = others
        self._deafen = deafen
        self._begun = False

    def begin(self) -> None:
        """On the loop thread; harmless when repeated."""
        if not self._begun:
            self._begun = True
            self._await_successor()

    def _await_successor(self) -> None:
        if self._others.are_awaited():
            self._service.loop.call_later(_LOOK_EVERY, self._await_successor)
        else:
            self._stop()

    def _stop(self) -> None:
        service = self._service
        service.stopping = True
        service.loop.call_later(service.limits.graceful_seconds, self._end)
        self._deafen()
        self._others.let_go()
        service.patient = self._others.serve_on()
        if service.patient:
            self._spread()
            service.loop.call_later(_ASK_EVERY, self._ask)
            service.loop.call_later(service.limits.patience_seconds, self._retire_all)
            self._end_if_alone()
        else:
            self._retire_all()

    def _spread(self) -> None:
        """End the streams, in any order, evenly over their time."""
        service = self._service
        streams = [client for client in service.clients if isinstance(client, Takeover)]
        random.shuffle(streams)
        for place, stream in enumerate(streams):
            service.loop.call_later(service.limits.spread_seconds * (place + 1) / len(streams), stream.retire)

    def _ask(self) -> None:
        """Siblings that are told to end, too, may still have listened a moment ago."""
        service = self._service
        if service.patient:
            if self._others.serve_on():
                service.loop.call_later(_ASK_EVERY, self._ask)
            else:
                self._retire_all()

    def _retire_all(self) -> None:
        service = self._service
        service.patient = False
        for client in list(service.clients):
            client.retire()
        self._end_if_alone()

    def _end_if_alone(self) -> None:
        """From here on the last connection to end does it."""
        if not self._service.clients:
            self._service.loop.stop()

    def _end(self) -> None:
        if self._service.clients:
            log.warning("%d connections cut off at the end of the graceful time", len(self._service.clients))
        self._service.loop.stop()
