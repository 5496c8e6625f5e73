"""Which pod is next. Pure but for the clock.

A pod is *active* (may be tried), *resting* (in back-off) or *waiting* (no node fits until the cluster changes). Waiting
pods are grouped by signature: a change that helps one pod of a group helps all of it, so each group is asked once."""

from __future__ import annotations

import functools
import heapq
from collections.abc import Callable, Iterator
from typing import Any

from sampan.contracts.kinds import Object
from sampan_scheduler.hints import Refused
from sampan_scheduler.pods import PodInfo

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds, as upstream
LONGEST_WAIT = 300.0  # a waiting pod is looked at again after so long, whatever happens

Before = Callable[[Object, Object], bool]


class Queue:
    """Pods waiting for a node. Not thread-safe: the scheduler's lock guards it.

    ``before(a, b)`` replaces the usual order (higher priority, then older).
    """

    def __init__(
        self, clock: Callable[[], float], before: Before | None = None, *, first_pause: float = FIRST_PAUSE,
        longest_pause: float = LONGEST_PAUSE,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._first, self._longest = first_pause, longest_pause
        self._order = _order_by(before) if before else _usual_order
        self._pods: dict[str, PodInfo] = {}
        self._active: list[tuple[Any, int, str]] = []
        self._resting: list[tuple[float, int, str]] = []
        self._place: dict[str, tuple[str, int]] = {}  # uid → (active or resting, number of the valid entry)
        self._waiting: dict[bytes, dict[str, float]] = {}  # signature → uid → since
        self._refused_by: dict[bytes, frozenset[str]] = {}  # signature → the plugins that refused those that wait
        self._attempts: dict[str, int] = {}
        self._tried: dict[str, float] = {}  # when it last failed
        self._number = 0

    def __len__(self) -> int:
        return len(self._pods)

    def __contains__(self, uid: str) -> bool:
        return uid in self._pods

    def __iter__(self) -> Iterator[PodInfo]:
        return iter(self._pods.values())

    def has_failed(self, uid: str) -> bool:
        return uid in self._tried

    def put(self, info: PodInfo) -> None:
        """A new pod, or a changed one."""
        known = self._pods.get(info.uid)
        self._pods[info.uid] = info
        if known is None:
            self._activate(info.uid)
        elif known.signature != info.signature:
            self._leave_waiting(known)
            if info.uid not in self._place:
                self._rest(info.uid, self._pause(info.uid))

    def drop(self, uid: str) -> None:
        info = self._pods.pop(uid, None)
        if info is None:
            return
        self._leave_waiting(info)
        for holder in (self._place, self._attempts, self._tried):
            holder.pop(uid, None)

    def pop(self) -> PodInfo | None:
        """The next pod that may be tried now; it stays known until ``drop`` or ``failed``."""
        now = self._clock()
        self._end_rests(now)
        while self._active:
            _, number, uid = heapq.heappop(self._active)
            if self._place.get(uid) == ("active", number):
                del self._place[uid]
                return self._pods[uid]
        return None

    def failed(self, uid: str, plugins: frozenset[str] | None = None) -> None:
        """No node would do: it waits for a change. ``plugins`` refused it; None: the same as the last of its kind."""
        info = self._pods.get(uid)
        if info is not None:
            self._attempts[uid] = self._attempts.get(uid, 0) + 1
            self._tried[uid] = self._clock()
            uids = self._waiting.setdefault(info.signature, {})
            uids.pop(uid, None)
            uids[uid] = self._clock()
            if plugins is not None:
                self._refused_by[info.signature] = plugins

    def retry(self, uid: str) -> None:
        """Something went wrong that another try may mend (a refused binding)."""
        if uid in self._pods:
            self.failed(uid, frozenset())
            self._leave_waiting(self._pods[uid])
            self._rest(uid, self._pause(uid))

    def again(self, uid: str) -> None:
        """A pod that was taken out by ``pop`` may be tried again at once."""
        if uid in self._pods and uid not in self._place:
            self._leave_waiting(self._pods[uid])
            self._activate(uid)

    def wake(self, may_help: Callable[[Refused], bool], *, surely: bool = False) -> bool:
        """The cluster changed: pods that it may help are tried again after their back-off; returns whether there are
        any.

        ``surely``: the test has looked so closely that a long back-off would be lost time; only the first pause counts.
        """
        woken: list[str] = []
        for signature, uids in list(self._waiting.items()):
            info = self._pods[next(iter(uids))]
            if may_help(Refused(info, self._refused_by.get(signature, frozenset()))):
                woken += uids
                self._drop_group(signature)
        for uid in woken:
            self._rest(uid, self._first if surely else self._pause(uid))
        return bool(woken)

    def next_time(self) -> float | None:
        """Seconds until ``pop`` may have something that it has not now; None when nothing is waiting at all."""
        now = self._clock()
        while self._resting and self._place.get(self._resting[0][2]) != ("resting", self._resting[0][1]):
            heapq.heappop(self._resting)
        ends = [self._resting[0][0]] if self._resting else []
        ends += [min(uids.values()) + LONGEST_WAIT for uids in self._waiting.values()]
        return max(0.0, min(ends) - now) if ends else None

    def _pause(self, uid: str) -> float:
        return float(min(self._first * 2 ** min(self._attempts.get(uid, 1) - 1, 10), self._longest))

    def _rest(self, uid: str, pause: float) -> None:
        """Active once so many seconds have passed since the last try, perhaps now."""
        end = self._tried.get(uid, float("-inf")) + pause
        if end <= self._clock():
            self._activate(uid)
            return
        self._number += 1
        self._place[uid] = ("resting", self._number)
        heapq.heappush(self._resting, (end, self._number, uid))

    def _end_rests(self, now: float) -> None:
        while self._resting and self._resting[0][0] <= now:
            _, number, uid = heapq.heappop(self._resting)
            if self._place.get(uid) == ("resting", number):
                self._activate(uid)
        for signature, uids in list(self._waiting.items()):
            while uids:  # the one that has waited longest stands first
                uid, since = next(iter(uids.items()))
                if now - since < LONGEST_WAIT:
                    break
                del uids[uid]
                self._activate(uid)
            if not uids:
                self._drop_group(signature)

    def _activate(self, uid: str) -> None:
        self._number += 1
        self._place[uid] = ("active", self._number)
        heapq.heappush(self._active, (self._order(self._pods[uid]), self._number, uid))

    def _leave_waiting(self, info: PodInfo) -> None:
        uids = self._waiting.get(info.signature)
        if uids is not None:
            uids.pop(info.uid, None)
            if not uids:
                self._drop_group(info.signature)

    def _drop_group(self, signature: bytes) -> None:
        del self._waiting[signature]
        self._refused_by.pop(signature, None)


def _usual_order(info: PodInfo) -> tuple[int, str]:
    return -info.priority, info.object["metadata"].get("creationTimestamp") or ""


def _order_by(before: Before) -> Callable[[PodInfo], Any]:
    def compare(a: Object, b: Object) -> int:
        return -1 if before(a, b) else 1 if before(b, a) else 0

    key = functools.cmp_to_key(compare)
    return lambda info: key(info.object)
