"""What scheduling plugins of others are lent where the scheduler is played on a snapshot: a handle whose client reads
that snapshot and can do nothing else.

Plugins that watch the API do it with informers, as in the scheduler: each is shown the state of the snapshot at once,
and never a change. So a plugin needs nothing of its own for `sampan why` and `sampan whatif`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from sampan.contracts.components import Hooks
from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound
from sampan_client.informers import INITIAL_END
from sampan_machinery.metadata import labels_of
from sampan_machinery.selectors import parse_labels
from sampan_scheduler.isolated import contributed
from sampan_scheduler.third_party import ThirdParty

Reading = Callable[[Resource], Sequence[Object]]


def started(hooks: Hooks | None, read: Reading) -> list[Any]:
    """Scheduling plugins of others, for a Plan: new ones, which know nothing of the scheduler's."""
    found = contributed(hooks)
    ThirdParty(found).start(SnapshotHandle(read))
    return found


class SnapshotHandle:
    """A SchedulerHandle; whatever would change something does nothing."""

    def __init__(self, read: Reading) -> None:
        self.client: Any = SnapshotClient(read)

    def wake(self, may_help: Callable[[Object], bool]) -> None:
        return None

    def ask_again(self, uid: str) -> None:
        return None

    def submit(self, job: Callable[[], None]) -> None:
        return None


class SnapshotClient:
    """As much of a Client as informers need, and ``get``. ``read(resource)`` lists the objects of the snapshot."""

    def __init__(self, read: Reading) -> None:
        self._read = read
        self.transport = self.hub = self
        self.selectable = True  # it has no thread: followers go on at once
        self.ticks = time.monotonic

    def add(self, follower: Iterator[Any]) -> None:
        next(follower, None)

    def remove(self, follower: Any) -> None:
        follower.close()

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object:
        for obj in self._read(resource):
            if (obj["metadata"]["name"], obj["metadata"].get("namespace", "")) == (name, namespace):
                return obj
        raise NotFound(f"{resource.plural} {name!r} not found")

    def open_watch(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "", **_: Any
    ) -> SnapshotStream:
        if fields:
            raise NotImplementedError("a snapshot is not read by fields")
        selector = parse_labels(labels)
        return SnapshotStream(
            obj
            for obj in self._read(resource)
            if namespace in ("", obj["metadata"].get("namespace", "")) and selector.matches(labels_of(obj))
        )


class SnapshotStream:
    """The lines of a watch that says what there is and then nothing more."""

    status, body, ended = 200, b"", False

    def __init__(self, objects: Iterator[Object]) -> None:
        end = {"metadata": {"resourceVersion": "0", "annotations": {INITIAL_END: "true"}}}
        events = [{"type": "ADDED", "object": obj} for obj in objects] + [{"type": "BOOKMARK", "object": end}]
        self._lines = list(map(msgspec.json.encode, events))

    def read(self, timeout: float | None) -> list[bytes]:
        lines, self._lines = self._lines, []
        return lines

    def close(self) -> None:
        self._lines = []
