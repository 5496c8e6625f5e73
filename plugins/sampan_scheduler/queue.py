"""Which pod is next: active by priority and age, those that failed wait for a change or their back-off. Pure but for the clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from sampan_scheduler.pods import PodInfo

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds, as upstream
LONGEST_WAIT = 300.0  # an unschedulable pod is looked at again after so long, whatever happens


class Queue:
    """Pods waiting for a node. Not thread-safe: the scheduler's lock guards it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pods: dict[str, PodInfo] = {}
        self._active: list[tuple[int, str, int, str]] = []
        self._queued: set[str] = set()
        self._unschedulable: dict[str, float] = {}  # uid → since
        self._attempts: dict[str, int] = {}
        self._ready_at: dict[str, float] = {}  # end of the back-off
        self._number = 0

    def __len__(self) -> int:
        return len(self._pods)

    def __contains__(self, uid: str) -> bool:
        return uid in self._pods

    def put(self, info: PodInfo) -> None:
        """A new pod, or a changed one."""
        known = self._pods.get(info.uid)
        self._pods[info.uid] = info
        if known is None or known.signature != info.signature:
            self._activate(info.uid)

    def drop(self, uid: str) -> None:
        self._pods.pop(uid, None)
        for holder in (self._unschedulable, self._attempts, self._ready_at):
            holder.pop(uid, None)
        self._queued.discard(uid)

    def pop(self) -> PodInfo | None:
        """The next pod that may be tried now; it stays known until ``drop`` or ``failed``."""
        now = self._clock()
        self._wake_waiting(now)
        held = []
        found = None
        while self._active:
            entry = heapq.heappop(self._active)
            uid = entry[3]
            if uid not in self._queued:
                continue
            if self._ready_at.get(uid, 0.0) > now:
                held.append(entry)
                continue
            self._queued.discard(uid)
            found = self._pods[uid]
            break
        for entry in held:
            heapq.heappush(self._active, entry)
        return found

    def failed(self, uid: str) -> None:
        """No node for it now: it waits for a change."""
        if uid in self._pods:
            self._attempts[uid] = self._attempts.get(uid, 0) + 1
            pause = min(FIRST_PAUSE * 2 ** (self._attempts[uid] - 1), LONGEST_PAUSE)
            self._ready_at[uid] = self._clock() + pause
            self._unschedulable[uid] = self._clock()

    def retry(self, uid: str) -> None:
        """Something went wrong that another try may mend (a refused binding)."""
        if uid in self._pods:
            self.failed(uid)
            self._activate(uid)

    def wake(self) -> None:
        """Something changed that may help pods that found no node."""
        for uid in list(self._unschedulable):
            self._activate(uid)

    def next_time(self) -> float | None:
        """Seconds until a pod that waits for its back-off may be tried; None when nothing waits."""
        now = self._clock()
        ends = [self._ready_at.get(uid, now) for uid in self._queued]
        ends += [since + LONGEST_WAIT for since in self._unschedulable.values()]
        return max(0.0, min(ends) - now) if ends else None

    def __iter__(self) -> Iterator[PodInfo]:
        return iter(self._pods.values())

    def _wake_waiting(self, now: float) -> None:
        for uid in [uid for uid, since in self._unschedulable.items() if now - since > LONGEST_WAIT]:
            self._activate(uid)

    def _activate(self, uid: str) -> None:
        self._unschedulable.pop(uid, None)
        if uid in self._queued:
            return
        self._queued.add(uid)
        info = self._pods[uid]
        created = info.object["metadata"].get("creationTimestamp") or ""
        self._number += 1
        heapq.heappush(self._active, (-info.priority, created, self._number, uid))
