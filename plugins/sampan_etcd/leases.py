"""Leases for entries with a ttl, shared by what is written within a few seconds so that an Event costs no lease.

A shared lease lives that much longer than the ttl, so no entry goes too early and each is gone within seconds of its
time. Must not know keys.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sampan_etcd.failures import Failure, FailureKind
from sampan_etcd.members import Members
from sampan_etcd.messages import LEASE_GRANT, lease_request, read_lease

SHARED_SECONDS = 5  # at most that long one lease is handed out
SHARED_ENTRIES = 1000  # and that often: all of them go in one commit

Then = Callable[[int | Failure], None]


@dataclass
class _Lease:
    ends: float  # when it is handed out no longer
    id: int = 0  # 0: asked for
    entries: int = 0
    waiting: list[Then] = field(default_factory=list)


class Leases:
    """One lease at a time for each ttl."""

    def __init__(self, members: Members, clock: Callable[[], float] = time.monotonic) -> None:
        self._members = members
        self._clock = clock
        self._lock = threading.Lock()
        self._leases: dict[int, _Lease] = {}

    def take(self, ttl: int, then: Then) -> None:
        """Call with a lease that lives at least so many seconds from now, at once or from gRPC's thread."""
        shared = min(SHARED_SECONDS, ttl // 4)
        with self._lock:
            now = self._clock()
            lease = self._leases.get(ttl)
            if lease is not None and now <= lease.ends and lease.entries < SHARED_ENTRIES:
                lease.entries += 1
                if not lease.id:
                    lease.waiting.append(then)
                    return
                id = lease.id
            else:
                lease = self._leases[ttl] = _Lease(now + shared, 0, 1, [then])
                id = 0
        if id:
            then(id)
        else:
            self._ask(ttl, ttl + shared, lease)

    def forget(self, id: int) -> None:
        """It has run out before its time (another clock, a restored etcd)."""
        with self._lock:
            self._leases = {ttl: lease for ttl, lease in self._leases.items() if lease.id != id}

    def _ask(self, ttl: int, seconds: int, lease: _Lease) -> None:
        def granted(answer: bytes | Failure) -> None:
            found: int | Failure
            try:
                found = answer if isinstance(answer, Failure) else read_lease(answer)[0]
            except ValueError as error:
                found = Failure(FailureKind.REFUSED, str(error))
            with self._lock:
                waiting, lease.waiting = lease.waiting, []
                if isinstance(found, int):
                    lease.id = found
                elif self._leases.get(ttl) is lease:
                    del self._leases[ttl]
            for then in waiting:
                then(found)

        self._members.send(LEASE_GRANT, lease_request(seconds), granted)
