"""Removing a container or a sandbox that its runtime believes to run, though it has ended.

containerd learns of an end by an event. Where it cannot handle one at once (its shim takes too long on a busy machine),
it tries again after a second or more; until then a stop finds no process and a removal is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sampan_cri.client import CriFailure

PATIENCE, LOOK = 60.0, 0.2  # seconds in which the runtime has to notice, and between tries
#: Source: containerd, internal/cri/server/container_remove.go and sandbox_remove.go. Other runtimes stop it themselves.
_EARLY = "container is still running", "container is in starting state", "is not fully stopped"


def remove(
    stop: Callable[[], None], remove: Callable[[], None], *, clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:  # fmt: skip
    """Stop and remove, again and again while the runtime has not noticed the end. Raises RuntimeFailure."""
    end = clock() + PATIENCE
    while True:
        stop()
        try:
            remove()
            return
        except CriFailure as error:
            if clock() >= end or not any(words in str(error) for words in _EARLY):
                raise
        sleep(LOOK)
