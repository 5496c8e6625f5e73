"""Questions about names outside the cluster: passed on to the machine's own resolvers, answers cached for a while."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from dnslib import DNSError, DNSRecord

from sampan.errors import ConfigError
from sampan_dns.figures import Figures

ANSWER_SECONDS = 2.0  # before the next resolver is tried
LONGEST_MEMORY = 30.0
MOST_REMEMBERED = 10000
MOST_PENDING = 2000
HEAD = 12  # bytes of a message before its question
SERVFAIL, REFUSED = 2, 5
DOUBT = 3  # questions in a row that no resolver answered, until something is said


def system_resolvers(path: str = "/etc/resolv.conf") -> list[str]:
    """IPv4 addresses of the nameservers that the machine itself uses."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return []
    words = (line.split() for line in lines)
    return [parts[1] for parts in words if len(parts) > 1 and parts[0] == "nameserver" and ":" not in parts[1]]


def resolver(text: str) -> tuple[str, int]:
    """``10.0.0.1`` or ``10.0.0.1:5353`` as (address, port); raises ConfigError."""
    address, _, port = text.partition(":")
    try:
        ipaddress.IPv4Address(address)
        number = int(port or 53)
    except ValueError as error:
        raise ConfigError(f"plugins.dns.upstream: {text!r} is no IPv4 address with an optional port") from error
    return address, number


def asked(message: bytes) -> bytes:
    """The first question of a message (name in lower case, type, class), b"" where it has none."""
    at = HEAD
    while at < len(message) and message[at]:
        if message[at] > 63:
            return b""
        at += message[at] + 1
    return message[HEAD : at + 5].lower() if at + 5 <= len(message) else b""


class PendingQuestion(NamedTuple):
    """A question that has been passed on."""

    question: bytes
    deliver: Callable[[bytes], None]
    fail: Callable[[], None]
    tried: int  # number of the resolver that was asked
    until: float
    since: float


class Upstream:
    """Passes questions on without blocking: ``ask`` returns at once, ``readable`` delivers what came back.

    Not thread-safe: all calls come from the server's loop. ``resolvers`` is addresses, or (address, port) pairs.
    ``on_health`` is told False when no resolver answers any more, and True when one does again.
    """

    def __init__(
        self, resolvers: Sequence[str | tuple[str, int]], clock: Callable[[], float] = time.monotonic, *,
        figures: Figures | None = None, on_health: Callable[[bool], None] = lambda well: None,
    ) -> None:  # fmt: skip
        self._figures = figures or Figures()
        self._on_health = on_health
        self._in_vain = 0  # questions in a row that no resolver answered
        self.resolvers = [resolver(r) if isinstance(r, str) else r for r in resolvers]
        self._clock = clock
        self._pending: dict[int, PendingQuestion] = {}
        self._remembered: dict[bytes, tuple[float, bytes]] = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)

    def ask(self, question: bytes, deliver: Callable[[bytes], None], *, fail: Callable[[], None]) -> None:
        """``deliver`` gets the answer with the question's own id; ``fail`` is called when no resolver gives one."""
        known = self._remembered.get(question[2:])
        if known and known[0] > self._clock():
            deliver(question[:2] + known[1])
        elif len(self._pending) >= MOST_PENDING:
            fail()
        else:
            self._send(question, deliver, fail, 0, self._clock())

    def readable(self) -> None:
        """Take what the resolvers have sent."""
        while True:
            try:
                data, sender = self.socket.recvfrom(65535)
            except BlockingIOError:
                return
            except OSError:
                continue  # a resolver's host refused one datagram; its question times out
            if len(data) > HEAD:
                self._take(data, sender[:2])

    def expire(self) -> None:
        """Try the next resolver for what got no answer in time."""
        now = self._clock()
        for number in [n for n, waiting in self._pending.items() if waiting.until <= now]:
            self._next(self._pending.pop(number))

    @property
    def busy(self) -> bool:
        return bool(self._pending)

    def _take(self, data: bytes, sender: tuple[str, int]) -> None:
        number = int.from_bytes(data[:2], "big")
        waiting = self._pending.get(number)
        if waiting is None or sender != self.resolvers[waiting.tried] or asked(data) != asked(waiting.question):
            return
        del self._pending[number]
        if data[3] & 15 in (SERVFAIL, REFUSED) and waiting.tried + 1 < len(self.resolvers):
            self._next(waiting)
            return
        self._figures.forwarded.add(self._clock() - waiting.since)
        if self._in_vain >= DOUBT:
            self._on_health(True)
        self._in_vain = 0
        self._remember(waiting.question, data)
        waiting.deliver(waiting.question[:2] + data[2:])

    def _next(self, waiting: PendingQuestion) -> None:
        self._send(waiting.question, waiting.deliver, waiting.fail, waiting.tried + 1, waiting.since)

    def _send(
        self, question: bytes, deliver: Callable[[bytes], None], fail: Callable[[], None], tried: int, since: float
    ) -> None:
        number = secrets.randbits(16)
        while number in self._pending:
            number = secrets.randbits(16)
        for attempt in range(tried, len(self.resolvers)):
            try:
                self.socket.sendto(number.to_bytes(2, "big") + question[2:], self.resolvers[attempt])
            except OSError:
                continue
            until = self._clock() + ANSWER_SECONDS
            self._pending[number] = PendingQuestion(question, deliver, fail, attempt, until, since)
            return
        self._gave_up()
        fail()

    def _gave_up(self) -> None:
        self._figures.unanswered += 1
        self._in_vain += 1
        if self._in_vain == DOUBT and self.resolvers:
            self._on_health(False)

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
        self._remembered[question[2:]] = (self._clock() + min(*ages, LONGEST_MEMORY), data[2:])
