"""Which devices are allocated: by the claims that the API shows, and by those that were promised to a pod and are not
written yet. Thread-safe for one scheduler and its informers: every count is replaced, never changed in place.
"""

from __future__ import annotations

import threading
from collections import Counter

from sampan.contracts.kinds import Object
from sampan_devices.allocation.records import DeviceId, InUse
from sampan_devices.allocations import results_of
from sampan_machinery.quantities import read


class Ledger:
    """Counts, for a device may be in two entries for a moment: promised, and seen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, str], list[Object]] = {}  # (promised or seen, the claim's uid) -> results
        self._devices: Counter[DeviceId] = Counter()
        self._capacity: dict[DeviceId, dict[str, int]] = {}  # nanos
        self._shares: Counter[DeviceId] = Counter()  # how many parts of a shared device are allocated

    @property
    def in_use(self) -> InUse:
        return InUse(self._devices, self._capacity)

    def see(self, uid: str, allocation: Object | None) -> bool:
        """What the API shows of a claim; None: no allocation, or no claim. Whether devices have become free."""
        with self._lock:
            freed = self._set(("seen", uid), allocation)
            if allocation is not None:
                self._set(("promised", uid), None)
        return freed

    def promise(self, uid: str, allocation: Object) -> None:
        with self._lock:
            self._set(("promised", uid), allocation)

    def withdraw(self, uid: str) -> bool:
        """The promise; False where there is none any more."""
        with self._lock:
            return self._set(("promised", uid), None)

    def promised(self, uid: str) -> bool:
        return ("promised", uid) in self._entries

    def _set(self, key: tuple[str, str], allocation: Object | None) -> bool:
        old = self._entries.pop(key, None)
        if allocation is not None:
            self._entries[key] = new = results_of({"allocation": allocation})
            for each in new:
                self._count(each, 1)
        for each in old or ():
            self._count(each, -1)
        return old is not None and allocation is None

    def _count(self, result: Object, sign: int) -> None:
        if result.get("adminAccess"):
            return  # the device stays free for others
        device = DeviceId(result["driver"], result["pool"], result["device"])
        if not result.get("shareID"):
            self._devices[device] += sign
            if not self._devices[device]:
                del self._devices[device]
            return
        self._shares[device] += sign
        if not self._shares[device]:
            del self._shares[device]
            self._capacity.pop(device, None)
            return
        held = dict(self._capacity.get(device) or {})
        for name, amount in (result.get("consumedCapacity") or {}).items():
            held[name] = held.get(name, 0) + sign * read(amount).nanos
        self._capacity[device] = held
