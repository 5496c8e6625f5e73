"""A store in which the values under some prefixes are transformed: encrypted at rest. Knows no kind and no cipher.

It stands between the API server and any store, so each store gives the same protection, and none knows of it. A key
that is under no such prefix costs one comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sampan.contracts.store import Change, Done, Entry, Op, Page, Put, Store, Watch
from sampan.contracts.transforming import ValueTransformer


class TransformedStore:
    """Is a Store; attributes that it does not have are those of the store below (``trouble``, ``shared`` …)."""

    def __init__(self, store: Store, transformer: ValueTransformer, prefixes: Iterable[str]) -> None:
        self._store = store
        self._transformer = transformer
        self._prefixes = tuple(prefixes)
        self._tags: dict[str, str] = {}  # of the newest stored value, by key; none for what is stored as it is

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def is_outdated(self, key: str) -> bool:
        """Whether the value that was read last under this key would be stored otherwise now."""
        return key.startswith(self._prefixes) and self._tags.get(key, "") != self._transformer.current(key)

    def revision(self) -> int:
        return self._store.revision()

    def get(self, key: str, *, revision: int = 0) -> Entry | None:
        found = self._store.get(key, revision=revision)
        return self._entry(found) if found is not None and key.startswith(self._prefixes) else found

    def page(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        page = self._store.page(prefix, after=after, limit=limit, revision=revision)
        if not page.entries or not self._may_concern(prefix):
            return page
        return page._replace(entries=[self._entry(each) for each in page.entries])

    def commit(self, *ops: Op) -> int:
        return self._store.commit(*self._to_stored(ops))

    def submit(self, ops: Sequence[Op], done: Done) -> None:
        self._store.submit(self._to_stored(ops), done)

    def watch(self, after: int) -> Watch:
        return _TransformedWatch(self._store.watch(after), self)

    def compact(self, revision: int) -> None:
        self._store.compact(revision)

    def close(self) -> None:
        self._store.close()

    def changed(self, changes: Sequence[Change]) -> Sequence[Change]:
        """What a watch tells, as it was before it was stored."""
        if not self._concerns(changes):
            return changes
        return [self._change(change) if change.key.startswith(self._prefixes) else change for change in changes]

    def _to_stored(self, ops: Sequence[Op]) -> Sequence[Op]:
        if not self._concerns(ops):
            return ops
        transform = self._transformer.to_stored
        return [
            Put(op.key, transform(op.key, op.value), op.expect, op.ttl)
            if isinstance(op, Put) and op.key.startswith(self._prefixes)
            else op
            for op in ops
        ]

    def _concerns(self, parts: Sequence[Op] | Sequence[Change]) -> bool:
        """On every write and event: a loop, as ``any`` with a generator costs three times as much."""
        prefixes = self._prefixes
        for part in parts:  # noqa: SIM110
            if part.key.startswith(prefixes):
                return True
        return False

    def _may_concern(self, prefix: str) -> bool:
        return prefix.startswith(self._prefixes) or any(each.startswith(prefix) for each in self._prefixes)

    def _entry(self, entry: Entry) -> Entry:
        if not entry.key.startswith(self._prefixes):
            return entry
        value = self._transformer.from_stored(entry.key, entry.value)
        self._note(entry.key, entry.value)
        return entry._replace(value=value)

    def _change(self, change: Change) -> Change:
        value = previous = None
        if change.value is not None:
            value = self._transformer.from_stored(change.key, change.value)
            self._note(change.key, change.value)
        else:
            self._tags.pop(change.key, None)
        if change.previous is not None:
            previous = self._transformer.from_stored(change.key, change.previous)
        return change._replace(value=value, previous=previous)

    def _note(self, key: str, stored: bytes) -> None:
        tag = self._transformer.tag(stored)
        if tag:
            self._tags[key] = tag
        else:
            self._tags.pop(key, None)  # most values of kinds that are not encrypted: no memory for those


class _TransformedWatch:
    def __init__(self, watch: Watch, store: TransformedStore) -> None:
        self._watch, self._store = watch, store

    def batches(self) -> Iterator[tuple[int, Sequence[Change]]]:
        for revision, changes in self._watch.batches():
            yield revision, self._store.changed(changes)

    def close(self) -> None:
        self._watch.close()
