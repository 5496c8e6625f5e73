"""Earlier revisions of objects: which there are, and which one belongs to a moment. Contents are read by lists."""

from __future__ import annotations

from sampan.contracts.resources import Resource
from sampan.contracts.serving import Version
from sampan.contracts.store import Compacted, Entry
from sampan.errors import Expired, NotFound
from sampan_machinery.metadata import now_text
from sampan_server.cache.cache import Cache
from sampan_server.registry import Registry

PROBES = 200  # marked revisions, and as many between them, at which it is looked for an object that is absent later
LOOK_BACK = 100_000  # revisions
SOON = 2.0  # seconds: a moment before the server's first mark by this much is the first mark's


class Past:
    """``sampan.contracts.serving.Past``."""

    def __init__(self, cache: Cache, registry: Registry) -> None:
        self._cache, self._registry = cache, registry

    def revision_at(self, moment: float) -> int:
        marks = self._cache.marks
        found = marks.revision_at(moment) or marks.revision_at(moment + SOON)
        if not found or found < self._cache.horizon:
            first = marks.since()
            kept = f"it is kept since {now_text(first)}" if first else "none is kept yet"
            raise Expired(f"the history does not reach back to {now_text(moment)}: {kept}")
        return found

    def time_of(self, revision: int) -> float:
        return self._cache.marks.time_of(revision)

    def since(self) -> float:
        return self._cache.marks.since()

    def versions(self, resource: Resource, name: str, namespace: str = "", *, most: int = 100) -> list[Version]:
        served = self._registry.of(resource)
        if served is None or served.collection is None:
            raise NotFound(f"the server keeps no {resource.group_resource}")
        key = served.key(namespace, name)
        found: list[Version] = []
        revision = self._cache.store.revision()
        while len(found) < most and revision > max(0, self._cache.horizon - 1):
            entry = self._at(key, revision)
            if entry is not None:
                found.append(Version(entry.revision, self.time_of(entry.revision)))
                revision = entry.revision - 1
                continue
            known = self._last_known(key, revision)
            if not known:
                break
            gone = self._removed(key, known, revision)
            found.append(Version(gone, self.time_of(gone), deleted=True))
            revision = gone - 1
        return found

    def _at(self, key: str, revision: int) -> Entry | None:
        try:
            return self._cache.store.get(key, revision=revision)
        except Compacted:
            return None

    def _last_known(self, key: str, before: int) -> int:
        """A revision at which the key was there, the newest that is found; 0 for none. After a restart the marks are
        ten seconds apart or more, and a short life lies between them."""
        oldest = max(1, self._cache.horizon, before - LOOK_BACK)
        between = range(before - 1, oldest - 1, -max(1, -(-(before - oldest) // PROBES)))
        looked_at = sorted({*self._cache.marks.below(before, PROBES), *between}, reverse=True)
        return next((each for each in looked_at if each >= oldest and self._at(key, each) is not None), 0)

    def _removed(self, key: str, there: int, absent: int) -> int:
        """A revision at which the key went: it was there just before."""
        while absent - there > 1:
            middle = (there + absent) // 2
            if self._at(key, middle) is None:
                absent = middle
            else:
                there = middle
        return absent
