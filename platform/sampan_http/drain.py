"""Drain: how a server stops without losing requests. Knows neither gunicorn nor HTTP.

With a successor (the workers are replaced):
- connections are accepted until the successor accepts them, without a time limit: a successor that cannot start must
  not cause an outage
- then a keep-alive connection may send one more request, and its answer says "Connection: close". Closing an idle
  connection while a request is on its way would lose the request
- streams are ended one after another, so that their clients do not all reconnect at once

Without a successor, idle connections and streams are closed at once.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import NamedTuple

from sampan_http.context import ServerContext
from sampan_http.hijacked import HijackedConnection

log = logging.getLogger(__name__)

_STARTING_POLL = 0.1  # seconds between checks whether a successor still starts
_LISTENING_POLL = 0.5  # seconds between checks whether a successor listens


class Successors(NamedTuple):
    """Callbacks of the process that runs the server; by default there is no successor."""

    is_starting: Callable[[], bool] = lambda: False
    """Whether a successor is starting and does not accept connections yet."""
    close_listeners: Callable[[], None] = lambda: None
    """Called when this server has stopped accepting: the listening sockets may be closed."""
    is_listening: Callable[[], bool] = lambda: False
    """Whether another process accepts connections on the same addresses; called after close_listeners."""


class Drain:
    """Drains one server, from ``begin`` until the loop stops."""

    def __init__(self, context: ServerContext, successors: Successors, stop_accepting: Callable[[], None]) -> None:
        self._context = context
        self._successors = successors
        self._stop_accepting = stop_accepting
        self._begun = False

    def begin(self) -> None:
        """Start to drain. Loop thread only; further calls have no effect."""
        if not self._begun:
            self._begun = True
            self._await_successor()

    def _await_successor(self) -> None:
        if self._successors.is_starting():
            self._context.loop.call_later(_STARTING_POLL, self._await_successor)
        else:
            self._stop()

    def _stop(self) -> None:
        context = self._context
        context.stopping = True
        context.loop.call_later(context.limits.graceful_seconds, self._end)
        self._stop_accepting()
        self._successors.close_listeners()
        context.has_successor = self._successors.is_listening()
        if context.has_successor:
            self._spread()
            context.loop.call_later(_LISTENING_POLL, self._check_successor)
            context.loop.call_later(context.limits.last_request_seconds, self._drain_all)
            self._stop_if_idle()
        else:
            self._drain_all()

    def _spread(self) -> None:
        """End the streams in random order, evenly over ``spread_seconds``."""
        context = self._context
        streams = [client for client in context.clients if isinstance(client, HijackedConnection)]
        random.shuffle(streams)
        for place, stream in enumerate(streams):
            context.loop.call_later(context.limits.spread_seconds * (place + 1) / len(streams), stream.drain)

    def _check_successor(self) -> None:
        """The process that listened may have been a sibling that drains too: check again, and stop waiting if so."""
        context = self._context
        if context.has_successor:
            if self._successors.is_listening():
                context.loop.call_later(_LISTENING_POLL, self._check_successor)
            else:
                self._drain_all()

    def _drain_all(self) -> None:
        context = self._context
        context.has_successor = False
        for client in list(context.clients):
            client.drain()
        self._stop_if_idle()

    def _stop_if_idle(self) -> None:
        """Stop the loop if no connection is open; else the last connection that closes stops it."""
        if not self._context.clients:
            self._context.loop.stop()

    def _end(self) -> None:
        if self._context.clients:
            log.warning("%d connections closed at the end of the graceful time", len(self._context.clients))
        self._context.loop.stop()
