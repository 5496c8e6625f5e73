"""One call to a webhook, and its request on the wire."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from sampan_webhookclient.destinations import Destination
from sampan_webhookclient.failures import CallFailed

AGENT = "kube-apiserver-admission"


@dataclass(frozen=True, slots=True)
class Call:
    """One POST of JSON. ``seconds`` is its deadline, from the moment it is called."""

    destination: Destination
    body: bytes
    seconds: float
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    agent: str = AGENT

    def failed(self, why: str, *, timed_out: bool = False) -> CallFailed:
        return CallFailed(f'Post "{self.destination.url(self.query)}": {why}', timed_out=timed_out)

    def request(self) -> bytes:
        lines = [
            f"POST {self.destination.target(self.query)} HTTP/1.1", f"Host: {self.destination.host}",
            f"User-Agent: {self.agent}", "Accept: application/json, */*", "Accept-Encoding: identity",
            "Content-Type: application/json", f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]  # fmt: skip
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + self.body


def timeout_query(seconds: float) -> str:
    """The parameter that tells a webhook its deadline: whole seconds, rounded up, as client-go's Request.Timeout."""
    return f"timeout={max(1, math.ceil(seconds))}s"
