"""Memory settings of the interpreter and the C library for long-running processes.

Knows nothing of what the process does.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import ssl

log = logging.getLogger(__name__)

#: API servers and informers hold tens of thousands of objects and create hundreds of dicts per request, none in cycles.
#: With Python's thresholds 700, 10, 10 the collector took a quarter of a PATCH, and paused to scan all held objects.
#: The second is small because the middle generation is scanned in one pause: 70 ms of what 20 young ones had left.
THRESHOLDS = (20_000, 5, 200)
#: Seconds after its start in which a process has loaded what it watches; what that took is given back then (``trim``).
LOADED = 15.0
ARENAS = 2  # glibc's default is eight per core, and each arena keeps memory that its threads have freed
_M_ARENA_MAX = -8


def settle() -> None:
    """Exclude all objects loaded so far from garbage collection, and collect the rest rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def start_openssl() -> None:
    """Have OpenSSL set up its tables, which it does with the first context. Call before the first fork: each process
    would write them into 2.6 MB of its own."""
    for protocol in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER):
        ssl.SSLContext(protocol)


def limit_arenas() -> None:
    """Call before the first thread is started; inherited by forks. No effect without glibc."""
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
    except (OSError, AttributeError):
        log.debug("the C library has no mallopt")


def trim() -> None:
    """Give back what was used and freed until now; glibc would keep it. No effect without glibc."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        log.debug("the C library has no malloc_trim")
