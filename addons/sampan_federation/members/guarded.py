"""The transport to a member: refuses requests while the member fails, and bounds the lines of its watches.

Deadlines and the size of answers are the inner transport's.
"""

from __future__ import annotations

from collections.abc import Mapping

from sampan_client.transports import Response, Stream, Transport
from sampan_federation.members.breaker import Breaker


class GuardedTransport:
    """Satisfies ``Transport``."""

    def __init__(self, inner: Transport, breaker: Breaker, member: str, *, longest: int) -> None:
        self.selectable = inner.selectable
        self._inner, self._breaker, self._member, self._longest = inner, breaker, member, longest

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        self._check()
        try:
            response = self._inner.send(method, path, headers, body)
        except ConnectionError:
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        if "retry-after" in response.headers:  # the client would sleep, and with it a worker of all members
            kept = {name: value for name, value in response.headers.items() if name != "retry-after"}
            return Response(response.status, kept, response.body)
        return response

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> Stream:
        self._check()
        try:
            return self._inner.stream(path, headers, longest=longest or self._longest)
        except ConnectionError:
            self._breaker.failed()
            raise

    def close(self) -> None:
        self._inner.close()

    def _check(self) -> None:
        left = self._breaker.check()
        if left > 0:
            raise ConnectionError(f"the member {self._member} has failed and is not asked for {left:.0f} s more")
