"""The exception by which a step says that the request must run on the pool, because what comes next may block."""

from __future__ import annotations


class Aside(BaseException):
    """Run the request again on a pool thread, where waiting is fine; nothing of its body has been read yet. The request
    chain does not run again once it has run to its end.

    ``front`` turns it into an Offloaded. ``heavy``: as for Offloaded, it computes rather than waits. A BaseException,
    so that no handler of errors takes it for one.
    """

    def __init__(self, *, heavy: bool = False) -> None:
        self.heavy = heavy
