"""Posts a review to a webhook and returns the status of its answer; tries again where that may help.

Source: apiserver's pkg/util/webhook (WithExponentialBackoff, DefaultRetryBackoff).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from sampan.errors import TooManyRequests
from sampan_webhookclient.calls import Call, timeout_query
from sampan_webhookclient.failures import CallFailed
from sampan_webhookclient.responses import Reply

SECONDS = 10.0  # of one try
PAUSES = (0.5, 0.75, 1.1)  # between tries
AT_ONCE = 64  # reviews under way; the next is refused, so that a dead webhook does not take the whole pool
_AGAIN = frozenset({429, 500, 502, 503, 504})


class Unanswered(Exception):
    """The webhook gave no usable answer."""


class Server(Protocol):
    def call(self, body: bytes, seconds: float, query: str = "") -> Call: ...


class Client(Protocol):
    def call(self, call: Call) -> Reply: ...


class Asking:
    """Of one webhook."""

    def __init__(self, client: Client, server: Server, sleep: Callable[[float], object] = time.sleep) -> None:
        self._client, self._server, self._sleep = client, server, sleep
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def status(self, review: dict[str, Any]) -> dict[str, Any]:
        """Raises Unanswered, and TooManyRequests where too many wait already."""
        if not self._room.acquire(blocking=False):
            raise TooManyRequests("too many requests wait for the access webhook; try again", retry_after=1)
        try:
            return _status(self._reply(msgspec.json.encode(review)), review)
        finally:
            self._room.release()

    def _reply(self, body: bytes) -> Reply:
        for pause in (*PAUSES, None):
            try:
                reply = self._client.call(self._server.call(body, SECONDS, timeout_query(SECONDS)))
            except CallFailed as error:
                if pause is None or error.timed_out:
                    raise Unanswered(str(error)) from error
            else:
                if 200 <= reply.status < 300:
                    return reply
                if pause is None or reply.status not in _AGAIN:
                    raise Unanswered(f"the webhook answered {reply.status}")
            self._sleep(pause)
        raise AssertionError("the last try returns or raises")


def _status(reply: Reply, review: dict[str, Any]) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(reply.body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unanswered(f"the webhook's answer is no JSON: {error}") from None
    if not isinstance(found, dict) or found.get("kind") != review["kind"]:
        raise Unanswered(f"the webhook's answer is no {review['kind']}")
    status = found.get("status")
    if not isinstance(status, dict):
        raise Unanswered("the webhook's answer has no status")
    return status
