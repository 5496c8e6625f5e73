"""Events sent to a server, as EventLists, with the identity of a kubeconfig file.

Source: upstream's plugin/pkg/audit/webhook: what failed is sent again with growing pauses, then dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

HEAD = b'{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":['
PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds before the next try
_AGAIN = frozenset({429, 500, 502, 503, 504})


class Undelivered(Exception):
    """The server did not take the events; they are dropped."""


class Answered(Protocol):
    @property
    def status(self) -> int: ...


class Transport(Protocol):
    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answered: ...

    def close(self) -> None: ...


class Webhook:
    """For one thread."""

    def __init__(
        self, transport: Transport, stop: threading.Event, pause: Callable[[float], bool] | None = None
    ) -> None:
        self._transport = transport
        self._pause = pause or stop.wait

    def send(self, events: Sequence[bytes]) -> None:
        """Raises Undelivered."""
        body = HEAD + b",".join(events) + b"]}"
        why = ""
        for pause in (*PAUSES, None):
            try:
                status = self._transport.send("POST", "", {"Content-Type": "application/json"}, body).status
            except (ConnectionError, OSError) as error:
                why = str(error)
            else:
                if status < 300:
                    return
                why = f"it answered {status}"
                if status not in _AGAIN:
                    break
            if pause is None or self._pause(pause):
                break
        raise Undelivered(why)

    def close(self) -> None:
        self._transport.close()
