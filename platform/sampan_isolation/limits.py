"""Deadlines for third-party code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deadlines:
    """What plugins of others may cost, in seconds. sampan's own are called directly."""

    boot: float = 10.0
    """Seconds for importing a third-party plugin, and for each of its hooks when a process starts."""
    request: float = 1.0
    """Seconds for one call of theirs while a request waits: an admitter, an authorizer, a kind's function."""
    decide: float = 5.0
    """Seconds for one decision of a reconciler of theirs, and for one question of the scheduler."""
    misses: int = 3
    """After so many missed deadlines in a row a plugin is not called for a while, and what it guards is refused."""
    pause: float = 30.0
    """Seconds for which it is not called then."""
