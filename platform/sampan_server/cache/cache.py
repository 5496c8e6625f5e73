"""The cache of everything stored: one thread follows the store's watch, readers read dicts.

A write's answer goes out only after its revision has arrived here, so a client reads its own writes. A consistent
read waits until the cache has the store's newest revision. Knows the store contract and no HTTP.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable, Sequence
from itertools import count

from sampan.contracts.store import Change, Compacted, Done, Store, Unavailable, Unusable, Watch
from sampan_server.cache import marks
from sampan_server.cache.collection import Collection, Listener
from sampan_server.cache.newest import Newest
from sampan_server.cache.records import FieldGetters, Record, fill_revision, labels_of

log = logging.getLogger(__name__)

LOOK_BACK = 5_000  # revisions; as far back as the store still has them
CATCH_UP = 30.0  # seconds
MOST_HINTS = 5_000


class Cache:
    """All collections as of one revision."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time, history: float = marks.DEFAULT) -> None:
        """``history``: seconds that old revisions can be read and continue tokens last."""
        self.store = store
        self.newest = Newest(store)
        self.lock = threading.RLock()
        self.revision = 0  # everything up to here has been applied
        self.alive = True  # the feed is being followed
        #: By key prefix. Replaced as a whole when one is added or dropped, so that it can be read without the lock.
        self.collections: dict[str, Collection] = {}
        #: Makes the listener of a collection; set before ``start``.
        self.listener: Callable[[str], Listener] | None = None
        #: Told once a batch has been applied, outside the lock, on the feed's thread.
        self.after_batch: list[Callable[[], None]] = []
        #: Store says that only this process writes: what it knows is then all there is.
        self.exclusive = bool(getattr(store, "exclusive", False))
        self._clock = clock
        self._loading: dict[str, list[Change]] = {}  # of collections that are being added: what has happened since
        self._hints: dict[str, tuple[bytes, dict[str, str], dict[str, str], bool]] = {}
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._stopping = False
        #: Told when everything was loaded again: watches cannot go on from where they were.
        self.after_reload: list[Callable[[], None]] = []
        self.horizon = 0  # continue tokens and exact reads before this revision are too old
        self.marks = marks.Marks(history)
        self._watch: Watch | None = None
        self._thread: threading.Thread | None = None
        self._begun = threading.Event()  # the past was followed to its end, or cannot be
        self._unusable: Unusable | None = None

    def add(self, prefix: str, getters: FieldGetters) -> Collection:
        """Serve a collection from here on; before ``start`` only. See ``load`` for later."""
        found = self.collections.get(prefix)
        if found is None:
            found = self.collections[prefix] = Collection(prefix, getters, 0)
        return found

    def load(self, prefix: str, getters: FieldGetters, head: bytes = b"") -> Collection:
        """The collection under a prefix, filled from the store and followed from there on; returns once it can serve.
        Blocks; one thread at a time. Raises Unavailable."""
        if (known := self.collections.get(prefix)) is not None:
            return known
        while True:
            with self.lock:
                self._loading[prefix] = []
            try:
                found = self._loaded(prefix, getters, head)
            except Compacted:
                continue  # the snapshot is gone already
            finally:
                with self.lock:
                    self._loading.pop(prefix, None)
            if found is not None:
                return found

    def _loaded(self, prefix: str, getters: FieldGetters, head: bytes) -> Collection | None:
        """None where the feed was lost meanwhile, so that what has happened since is not known."""
        snapshot = self.store.revision()
        fresh = Collection(prefix, getters, snapshot)
        fresh.head = head
        entries = self.store.page(prefix, revision=snapshot).entries if snapshot else []
        fresh.load((entry.key, entry.value, entry.revision) for entry in entries)
        if not self.wait(snapshot, CATCH_UP):
            raise Unavailable("the watch cache does not catch up with the store")
        with self.lock:
            missed = self._loading.pop(prefix, None)
            if missed is None:
                return None
            if self.listener is not None:
                fresh.listener = self.listener(prefix)
            self.collections = {**self.collections, prefix: fresh}
            now = self._clock()
            for change in missed:
                if change.revision > snapshot:
                    self._apply_one(change, now)
        return fresh

    def drop(self, prefix: str) -> None:
        """Serve a collection no more; what is stored stays."""
        with self.lock:
            self.collections = {name: found for name, found in self.collections.items() if name != prefix}

    def start(self) -> None:
        """Load everything and begin to follow; returns when the cache can serve.

        It loads the past and follows from there, so that watches that another process has ended can go on here.
        Raises Unusable.
        """
        if self.listener is not None:
            for prefix, collection in self.collections.items():
                collection.listener = self.listener(prefix)
        self.marks.load(self.store)
        newest = self.store.revision()
        try:
            self._load(max(1, newest - LOOK_BACK))
        except Compacted as error:
            self._load_from(error.oldest)
        self._thread = threading.Thread(target=self._follow, name="watch-cache", daemon=True)
        self._thread.start()
        arrived = self._begun
        self.when(newest, arrived.set)
        if not arrived.wait(CATCH_UP):
            log.warning("the watch cache still catches up with revision %d", newest)
        if self._unusable is not None:
            raise self._unusable

    def stop(self) -> None:
        self._stopping = True
        if self._watch is not None:
            self._watch.close()
        if self._thread is not None:
            self._thread.join(5)

    def expect(
        self, key: str, value: bytes, labels: dict[str, str], fields: dict[str, str], *, complete: bool = True
    ) -> None:
        """A writer of this process says what its value holds, so that it is not decoded again. ``complete``: readers
        get it as it is."""
        if len(self._hints) > MOST_HINTS:  # of writes that never happened: dry runs, lost races
            self._hints.clear()
        self._hints[key] = (value, labels, fields, complete)

    def when(self, revision: int, then: Callable[[], None]) -> None:
        """Call ``then`` once the revision has been applied: at once, or on the feed's thread."""
        if self.revision < revision:
            with self.lock:
                if self.revision < revision:
                    heapq.heappush(self._waiting, (revision, next(self._order), then))
                    return
        then()

    def wait(self, revision: int, timeout: float = 10.0) -> bool:
        """Block until the revision has been applied."""
        if self.revision >= revision:
            return True
        arrived = threading.Event()
        self.when(revision, arrived.set)
        return arrived.wait(timeout)

    def is_outdated(self, key: str) -> bool:
        """Whether the store would keep the newest value of a sensitive kind in another form now."""
        ask = getattr(self.store, "is_outdated", None)
        return ask is not None and bool(ask(key))

    def target(self) -> int:
        """The revision a consistent read must see; may ask the store, and wait for it."""
        return self.revision if self.exclusive else self.store.revision()

    def ask_target(self, done: Done) -> None:
        """The same without waiting."""
        if self.exclusive:
            done(self.revision)
        else:
            self.newest.ask(done)

    def _reload(self) -> None:
        """Start again from a snapshot; watches cannot go on from where they were."""
        try:
            self._load(self.store.revision())
        except (Compacted, Unavailable) as error:
            log.warning("the watch cache cannot load from the store now: %s", error)
            time.sleep(0.5)
            return
        for tell in self.after_reload:
            tell()

    def _load_from(self, oldest: int) -> None:
        """From the oldest revision there is, or from now where that has just gone, too."""
        try:
            self._load(oldest)
        except Compacted:
            self._load(self.store.revision())

    def _load(self, snapshot: int) -> None:
        with self.lock:
            self._loading.clear()  # changes have been missed: they begin again
        for prefix, collection in self.collections.items():
            fresh = Collection(prefix, collection.getters, snapshot)
            fresh.head = collection.head
            entries = self.store.page(prefix, revision=snapshot).entries if snapshot else []
            fresh.load((entry.key, entry.value, entry.revision) for entry in entries)
            self._replace(collection, fresh)
        self._advance(snapshot)

    def _replace(self, old: Collection, fresh: Collection) -> None:
        """Fill the collection that others hold, in place."""
        with self.lock:
            old.records, old.keys, old.ring, old._labels = fresh.records, fresh.keys, fresh.ring, fresh._labels
            old.changed, old.answers, old.head = fresh.changed, {}, fresh.head

    def _follow(self) -> None:
        while not self._stopping:
            try:
                watch = self._watch = self.store.watch(self.revision)
                for revision, changes in watch.batches():
                    self.alive = True
                    self._apply(revision, changes)
                    if self._stopping:
                        return
            except Compacted:
                log.warning("the store has compacted what the watch cache had not seen yet; loading everything again")
                self._reload()
            except Unusable as error:
                self.alive, self._unusable = False, error
                self._begun.set()
                log.error("the watch cache does not follow the store any more: %s", error)
                return
            except Unavailable as error:
                self.alive = False
                log.warning("the store's feed was lost and is opened again: %s", error)
                time.sleep(0.5)
            except Exception:
                self.alive = False
                log.exception("the watch cache failed while following the store; loading everything again")
                time.sleep(0.5)
                self._reload()

    def _mark(self, revision: int, now: float) -> None:
        """Remember about when a revision was; what is older than the history is dropped, here and in the store."""
        horizon = self.marks.note(now, revision)
        if horizon:
            self.horizon = horizon
            self.store.compact(horizon)
            for collection in self.collections.values():
                collection.ring.trim(now)

    def _apply(self, revision: int, changes: Sequence[Change]) -> None:
        now = self._clock()
        with self.lock:
            for change in changes:
                self._apply_one(change, now)
            self._mark(revision, now)
        mark = self.marks.to_write(now)
        if mark is not None:
            marks.write(self.store, mark)
        self._advance(revision)

    def _apply_one(self, change: Change, now: float) -> None:
        key = change.key
        collection = self.collections.get(key[: key.index("/", key.index("/", 1) + 1) + 1])
        if collection is None:
            self._keep_for_later(change)
            return
        if change.value is None:
            collection.remove(key, change.revision, now)
            return
        hint = self._hints.pop(key, None)
        if hint is not None and hint[0] == change.value:
            _, labels, fields, complete = hint
            record = Record(key, fill_revision(change.value, change.revision), change.revision, labels, fields)
        else:
            complete = False
            record = Record(key, fill_revision(change.value, change.revision), change.revision, labels_of(change.value))
        if collection.renew is not None and not complete:
            collection.renew(record)
        collection.put(key, record, now)

    def _keep_for_later(self, change: Change) -> None:
        """Of a collection that is being loaded."""
        for prefix, changes in self._loading.items():
            if change.key.startswith(prefix):
                changes.append(change)

    def _advance(self, revision: int) -> None:
        due = []
        with self.lock:
            self.revision = max(self.revision, revision)
            while self._waiting and self._waiting[0][0] <= self.revision:
                due.append(heapq.heappop(self._waiting)[2])
        for tell in self.after_batch:
            tell()
        for then in due:
            then()
