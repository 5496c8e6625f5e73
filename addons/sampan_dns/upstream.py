"""The rest of the world: questions passed on to the machine's own resolvers, answers remembered for a while."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dnslib import DNSError, DNSRecord

ANSWER_SECONDS = 2.0  # before the next resolver is tried
LONGEST_MEMORY = 30.0
MOST_REMEMBERED = 10000
MOST_PENDING = 2000


def system_resolvers(path: str = "/etc/resolv.conf") -> list[str]:
    """Addresses of the nameservers that the machine itself uses."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return []
    words = (line.split() for line in lines)
    return [parts[1] for parts in words if len(parts) > 1 and parts[0] == "nameserver"]


class Upstream:
    """Passes questions on without blocking: ``ask`` returns at once, ``readable`` delivers what came back.

    Not thread-safe: all calls come from the server's loop. ``resolvers`` is addresses, or (address, port) pairs.
    """

    def __init__(self, resolvers: Sequence[str | tuple[str, int]], clock: Callable[[], float] = time.monotonic) -> None:
        self.resolvers = [(r, 53) if isinstance(r, str) else r for r in resolvers]
        self._clock = clock
        self._pending: dict[int, tuple[bytes, Callable[[bytes], None], int, float]] = {}
        self._remembered: dict[bytes, tuple[float, bytes]] = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)

    def ask(self, question: bytes, deliver: Callable[[bytes], None], *, fail: Callable[[], None]) -> None:
        """``deliver`` gets the answer with the question's own id; ``fail`` is called when there is nobody to ask."""
        known = self._remembered.get(question[2:])
        if known and known[0] > self._clock():
            deliver(question[:2] + known[1])
            return
        if not self.resolvers or len(self._pending) >= MOST_PENDING:
            fail()
            return
        self._send(question, deliver, 0, fail)

    def readable(self) -> None:
        """Take what the resolvers have sent."""
        while True:
            try:
                data, sender = self.socket.recvfrom(4096)
            except (BlockingIOError, ConnectionError):
                return
            waiting = self._pending.get(int.from_bytes(data[:2], "big")) if len(data) >= 12 else None
            if waiting is None or sender[:2] != self.resolvers[waiting[2] % len(self.resolvers)]:
                continue
            question, deliver, _, _ = waiting
            del self._pending[int.from_bytes(data[:2], "big")]
            self._remember(question, data)
            deliver(question[:2] + data[2:])

    def expire(self) -> None:
        """Try the next resolver for what got no answer in time; give up after a round."""
        now = self._clock()
        for number in [n for n, waiting in self._pending.items() if waiting[3] <= now]:
            question, deliver, tried, _ = self._pending.pop(number)
            if tried + 1 < len(self.resolvers):
                self._send(question, deliver, tried + 1, lambda: None)

    @property
    def busy(self) -> bool:
        return bool(self._pending)

    def _send(self, question: bytes, deliver: Callable[[bytes], None], tried: int, fail: Callable[[], None]) -> None:
        number = random.randrange(1 << 16)
        while number in self._pending:
            number = random.randrange(1 << 16)
        try:
            self.socket.sendto(number.to_bytes(2, "big") + question[2:], self.resolvers[tried % len(self.resolvers)])
        except OSError:
            fail()
            return
        self._pending[number] = (question, deliver, tried, self._clock() + ANSWER_SECONDS)

    def _remember(self, question: bytes, data: bytes) -> None:
        try:
            answer = DNSRecord.parse(data)
        except (DNSError, ValueError, IndexError, UnicodeError):
            return
        if answer.header.rcode not in (0, 3) or answer.header.tc:
            return
        ages = [rr.ttl for rr in (*answer.rr, *answer.auth)]
        if not ages:
            return
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[question[2:]] = (self._clock() + min(min(ages), LONGEST_MEMORY), data[2:])
