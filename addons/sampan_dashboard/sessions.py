"""Who is signed in: sessions, one-time links and their expiry. In memory; knows nothing of HTTP or Kubernetes."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

LINK_SECONDS = 120.0  # that a one-time link can be used
MOST_LINKS = 100
MOST_SESSIONS = 1000


class Closeable(Protocol):
    def close(self) -> None: ...


A = TypeVar("A", bound=Closeable)


@dataclass
class Session(Generic[A]):
    """One signed-in browser."""

    id: str
    account: A
    csrf: str
    began: float
    seen: float


@dataclass
class _Link(Generic[A]):
    make: Callable[[], A]
    began: float


@dataclass(frozen=True)
class Times:
    """Seconds."""

    session: float = 12 * 3600.0
    idle: float = 3600.0


@dataclass
class Sessions(Generic[A]):
    """All sessions of one process. Thread-safe; ``clock`` in seconds, ``token`` gives unguessable text."""

    times: Times = field(default_factory=Times)
    clock: Callable[[], float] = time.monotonic
    token: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    _sessions: dict[str, Session[A]] = field(default_factory=dict)
    _links: dict[str, _Link[A]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def link(self, make: Callable[[], A]) -> str:
        """A code that signs in once, as the account that ``make`` returns."""
        now = self.clock()
        with self._lock:
            self._links = {code: link for code, link in self._links.items() if now - link.began < LINK_SECONDS}
            while len(self._links) >= MOST_LINKS:
                del self._links[next(iter(self._links))]
            code = self.token()
            self._links[code] = _Link(make, now)
        return code

    def redeem(self, code: str) -> Session[A] | None:
        """The session that a code gives, None for one that is unknown, used or too old."""
        with self._lock:
            link = self._links.pop(code, None)
        if link is None or self.clock() - link.began >= LINK_SECONDS:
            return None
        return self.begin(link.make())

    def begin(self, account: A) -> Session[A]:
        now = self.clock()
        return self.adopt(Session(self.token(), account, self.token(), now, now))

    def adopt(self, session: Session[A]) -> Session[A]:
        """The session of this id from now on: the one that is known already, where two requests bring it at once."""
        with self._lock:
            ended = self._expired(session.seen)
            while len(self._sessions) >= MOST_SESSIONS:
                ended.append(self._sessions.pop(min(self._sessions, key=lambda one: self._sessions[one].seen)))
            known = self._sessions.setdefault(session.id, session)
        _close(ended if known is session else [*ended, session])
        return known

    def cookie(self, session: Session[A]) -> str:
        """What the browser keeps of it."""
        return session.id

    def renewed(self, session: Session[A], cookie: str) -> str:
        """What the browser keeps from now on, "" where its cookie is good for longer."""
        return ""

    def find(self, id: str) -> Session[A] | None:
        """The session of a cookie, which counts as used now."""
        now = self.clock()
        with self._lock:
            ended = self._expired(now)
            session = self._sessions.get(id)
            if session is not None:
                session.seen = now
        _close(ended)
        return session

    def end(self, id: str) -> None:
        with self._lock:
            session = self._sessions.pop(id, None)
        _close([session] if session else [])

    def close(self) -> None:
        with self._lock:
            ended, self._sessions = list(self._sessions.values()), {}
            self._links.clear()
        _close(ended)

    def count(self) -> int:
        return len(self._sessions)

    def _expired(self, now: float) -> list[Session[A]]:
        old = [
            session.id
            for session in self._sessions.values()
            if now - session.began >= self.times.session or now - session.seen >= self.times.idle
        ]
        return [self._sessions.pop(id) for id in old]


def _close(ended: list[Session[A]]) -> None:
    for session in ended:
        session.account.close()
