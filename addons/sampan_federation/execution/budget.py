"""The transport of a member's watches: what a member may send in one of them is bounded.

An informer keeps what the watch sends. A hostile member could send objects for ever; this ends the watch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sampan_client.transports import Response, Stream, Transport

LEAST = 16 << 20  # bytes of one watch
PIECE = 1 << 20  # bytes that are read before they are counted
EACH = 64 << 10  # bytes more for each object that is expected


class BudgetTransport:
    """Satisfies ``Transport``. ``expected``: how many objects the federation has on the member."""

    def __init__(self, inner: Transport, expected: Callable[[], int]) -> None:
        self.selectable = inner.selectable
        self._inner, self._expected = inner, expected

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        return self._inner.send(method, path, headers, body)

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> Stream:
        return BudgetStream(self._inner.stream(path, headers, longest=longest), LEAST + EACH * self._expected())

    def close(self) -> None:
        """Nothing: the inner transport is its owner's."""


class BudgetStream:
    """A watch that breaks after ``left`` bytes; the informer then resumes, or starts again with back-off.

    Equal to the stream that it reads, so that a hub which is told that there is something to read finds it.
    """

    def __init__(self, inner: Stream, left: int) -> None:
        self._inner, self._left = inner, left

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._inner

    def __hash__(self) -> int:
        return hash(self._inner)

    @property
    def status(self) -> int:
        return self._inner.status

    @property
    def ended(self) -> bool:
        return self._inner.ended

    @property
    def body(self) -> bytes:
        return self._inner.body

    def fileno(self) -> int:
        return self._inner.fileno()

    def wait(self, timeout: float | None = None) -> None:
        self._inner.wait(timeout)

    def read(self, timeout: float | None = None, most: int = 0) -> list[bytes]:
        lines = self._inner.read(timeout, most or PIECE)
        self._left -= sum(map(len, lines))
        if self._left < 0:
            raise ConnectionError("the member has sent more in one watch than the federation's objects can be")
        return lines

    def close(self) -> None:
        self._inner.close()
