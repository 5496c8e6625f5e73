"""Keys, their versions and the log of commits, as plain lists in memory. Knows no threads and no locks: the store
that owns a History sees to that."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sampan.contracts.store import Change, Compacted, Entry, Op, Page, Put, Stale


class Version(NamedTuple):
    """What a key was from a revision on; value None: it was absent."""

    revision: int
    value: bytes | None
    created: int


ABSENT = Version(0, None, 0)


class Commit(NamedTuple):
    revision: int
    changes: tuple[Change, ...]
    at: float  # by the store's clock


class History:
    """Every revision from ``oldest`` to ``newest``."""

    def __init__(self) -> None:
        self.newest = 1
        self.oldest = 0
        self._keys: list[str] = []  # sorted; also keys that are gone but whose past is kept
        self._versions: dict[str, list[Version]] = {}
        self._log: list[Commit] = []  # those after ``oldest``; revisions have no holes, so position is arithmetic
        self._start = 0  # entries of the log before this one are forgotten but not yet cut off

    def apply(self, ops: Sequence[Op], at: float) -> Commit | None:
        """Write all or nothing; None if nothing would change; raises Stale."""
        revision = self.newest + 1
        found = [(op, self._current(op.key)) for op in ops]
        for op, version in found:
            if op.expect is not None and op.expect != (version.revision if version.value is not None else 0):
                raise Stale(op.key)
        changes = tuple(
            self._write(op, version, revision) for op, version in found if type(op) is Put or version.value is not None
        )
        if not changes:
            return None
        commit = Commit(revision, changes, at)
        self._log.append(commit)
        self.newest = revision
        return commit

    def get(self, key: str, revision: int) -> Entry | None:
        """As of the revision, 0 = now; raises Compacted."""
        self._check(revision)
        return _entry(key, self._at(key, revision))

    def page(self, prefix: str, after: str, limit: int, revision: int) -> Page:
        self._check(revision)
        entries: list[Entry] = []
        remaining = 0
        for key in self._range(prefix, after):
            entry = _entry(key, self._at(key, revision))
            if entry is None:
                continue
            if limit and len(entries) == limit:
                remaining += 1
            else:
                entries.append(entry)
        return Page(entries, min(revision, self.newest) or self.newest, remaining > 0, remaining)

    def since(self, after: int) -> list[Commit]:
        """The commits after that revision, oldest first; raises Compacted."""
        self._check(after, always=True)
        return self._log[max(0, len(self._log) - max(0, self.newest - after)) :]

    def due(self, *, before: float, keep: int) -> int:
        """The revision to compact to so that no commit older than ``before`` and at most ``keep`` commits stay."""
        first = max(self._start, len(self._log) - keep)
        while first < len(self._log) and self._log[first].at < before:
            first += 1
        return self._log[first - 1].revision if first > self._start else 0

    def compact(self, revision: int) -> None:
        """Forget what only revisions before this one need."""
        revision = min(revision, self.newest)
        self.oldest = max(self.oldest, revision)
        while self._start < len(self._log) and self._log[self._start].revision <= revision:
            for change in self._log[self._start].changes:
                self._trim(change.key, revision)
            self._start += 1
        if self._start * 2 > len(self._log):
            del self._log[: self._start]
            self._start = 0

    def is_current(self, key: str, revision: int) -> bool:
        return self._current(key).revision == revision

    def _current(self, key: str) -> Version:
        versions = self._versions.get(key)
        return versions[-1] if versions else ABSENT

    def _at(self, key: str, revision: int) -> Version:
        versions = self._versions.get(key)
        if not versions:
            return ABSENT
        if not revision or versions[-1].revision <= revision:
            return versions[-1]
        place = bisect_right(versions, revision, key=lambda version: version.revision)
        return versions[place - 1] if place else ABSENT

    def _write(self, op: Op, old: Version, revision: int) -> Change:
        versions = self._versions.get(op.key)
        if versions is None:
            versions = self._versions[op.key] = []
            insort(self._keys, op.key)
        value = op.value if type(op) is Put else None
        existed = old.value is not None
        created = 0 if value is None else old.created if existed else revision
        versions.append(Version(revision, value, created))
        return Change(revision, op.key, value, old.value, old.revision if existed else 0)

    def _trim(self, key: str, revision: int) -> None:
        versions = self._versions.get(key)
        if versions is None:
            return
        place = bisect_right(versions, revision, key=lambda version: version.revision) - 1
        del versions[: max(0, place)]
        if len(versions) == 1 and versions[0].value is None and versions[0].revision <= revision:
            del self._versions[key]
            del self._keys[bisect_left(self._keys, key)]

    def _range(self, prefix: str, after: str) -> Iterator[str]:
        start = bisect_left(self._keys, prefix)
        if after:
            start = max(start, bisect_right(self._keys, after))
        for place in range(start, len(self._keys)):
            key = self._keys[place]
            if not key.startswith(prefix):
                return
            yield key

    def _check(self, revision: int, *, always: bool = False) -> None:
        if (revision or always) and revision < self.oldest:
            raise Compacted(self.oldest)


def _entry(key: str, version: Version) -> Entry | None:
    return None if version.value is None else Entry(key, version.value, version.revision, version.created)
