"""What the interpreter and the C library are told about memory in a process that runs for long.

Knows nothing of what the process does.
"""

from __future__ import annotations

import ctypes
import gc
import logging

log = logging.getLogger(__name__)

#: An API server and an informer hold tens of thousands of objects for long and make hundreds of dicts a request, none
#: in cycles: with Python's own 700, 10, 10 the collector took a quarter of a PATCH and paused for all that is held.
THRESHOLDS = (20_000, 20, 50)
ARENAS = 2  # glibc's own default is eight for each core, each keeping what its threads have freed
_M_ARENA_MAX = -8


def settle() -> None:
    """What is loaded by now stays for ever: keep the collector away from it, and let it look at the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def limit_arenas() -> None:
    """Before the first thread is started; inherited over a fork. Nothing happens where the C library is not glibc."""
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
    except (OSError, AttributeError):
        log.debug("the C library has no mallopt")
