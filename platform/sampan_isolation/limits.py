"""Deadlines for third-party code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deadlines:
    """Deadlines for third-party plugins, in seconds. First-party plugins are called directly."""

    boot: float = 10.0
    """Seconds for importing a third-party plugin, and for each of its hooks when a process starts."""
    request: float = 1.0
    """Seconds for one call of theirs while a request waits: an admitter, an authorizer, a kind's function."""
    decide: float = 5.0
    """Seconds for one decision of a reconciler of theirs, and for one call of the scheduler."""
    misses: int = 3
    """Missed deadlines in a row after which the circuit breaker opens: the hook is not called, and its requests are
    refused."""
    pause: float = 30.0
    """Seconds for which the circuit breaker stays open."""
