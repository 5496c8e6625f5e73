"""The rule EventRateLimit, off until a setting gives limits: who writes more Events than that is told to wait (429).

Source: upstream's admission controller of this name. Each limit is a number of token buckets: one for the server, or
one for each namespace, user, or source and object.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.errors import TooManyRequests


@dataclass(frozen=True)
class Limit:
    """Events for each server, namespace, user, or source and object."""

    type: Literal["Server", "Namespace", "User", "SourceAndObject"]
    qps: float
    """Events in a second, in the long run."""
    burst: int
    """Events at once, after a pause."""
    cache_size: int = 4096
    """Namespaces (users …) that are counted; the one heard of least recently is forgotten."""

    def __post_init__(self) -> None:
        if self.qps <= 0 or self.burst <= 0 or self.cache_size <= 0:
            raise ValueError("qps, burst and cache_size must be greater than 0")


class Buckets:
    """The token buckets of one limit."""

    def __init__(self, limit: Limit, clock: Callable[[], float]) -> None:
        self.limit = limit
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → (tokens, when)

    def take(self, key: str) -> bool:
        now, burst = self._clock(), float(self.limit.burst)
        tokens, then = self._levels.pop(key, (burst, now))
        tokens = min(burst, tokens + (now - then) * self.limit.qps)
        allowed = tokens >= 1
        self._levels[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._levels) > self.limit.cache_size:
            self._levels.popitem(last=False)
        return allowed


class EventRateLimit:
    name = "EventRateLimit"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({"events", "events.events.k8s.io"})
    subresources = frozenset({""})
    may_be_absent = True
    mutates = False
    priority = 640

    def __init__(self, limits: Sequence[Limit], clock: Callable[[], float] = time.monotonic) -> None:
        self._all = [Buckets(limit, clock) for limit in limits]

    def admit(self, review: Review) -> None:
        if review.dry_run:
            return
        keys = {buckets: key_of(buckets.limit.type, review) for buckets in self._all}
        refused = [buckets for buckets, key in keys.items() if not buckets.take(key)]
        said = [f"limit reached on type {buckets.limit.type} for key {keys[buckets]}" for buckets in refused]
        if said:
            text = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
            raise TooManyRequests(text, retry_after=1)


def key_of(kind: str, review: Review) -> str:
    """By what a limit tells Events apart."""
    if kind == "Namespace":
        return review.namespace
    if kind == "User":
        return review.user.name
    return _source_and_object(review.object or {}) if kind == "SourceAndObject" else ""


def _source_and_object(event: Object) -> str:
    source, about = event.get("source") or {}, event.get("involvedObject") or {}
    parts = [source.get("component"), source.get("host")]
    parts += [about.get(field) for field in ("kind", "namespace", "name", "uid", "apiVersion")]
    return "".join(part or "" for part in parts)
