"""Work in turns: what a reconciler of its own or a component offers beside ``run``, so that a caller owns the thread
and the clock. The cluster of tests and the deterministic simulation run a whole control plane this way."""

from __future__ import annotations

from typing import Protocol


class Turns(Protocol):
    """Everything happens inside ``turn``; nothing happens between two calls, and there is no thread."""

    def turn(self) -> bool:
        """Do one piece of the work that is due now. False: there is none."""

    def due(self) -> float | None:
        """The time by the given clock at which there will be work that is not there now; None: only after a change."""

    def close(self) -> None:
        """Stop watching. What has not begun is dropped."""
