"""The Store: reading, and everything else put together."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Sequence

from sampan.contracts.store import Compacted, Done, Entry, Op, Page, Unavailable
from sampan.errors import SampanError
from sampan_etcd.commits import MOST_OPS, Commits
from sampan_etcd.failures import Failure, FailureKind
from sampan_etcd.members import Members
from sampan_etcd.messages import (
    COMPACT,
    RANGE,
    TXN,
    RangeResult,
    compaction_request,
    look_op,
    put_op,
    range_request,
    read_found,
    read_outcome,
    txn_request,
    unmodified_since,
)
from sampan_etcd.names import Names, after_all, entries, marker
from sampan_etcd.options import Options
from sampan_etcd.watch import Watch, oldest
from sampan_stores import commits

log = logging.getLogger(__name__)

FORMAT = b"sampan 1"
SLICE = 500  # entries asked for at once, so that no answer is huge
CLOSING = 30.0


class EtcdStore:
    """A prefix of an etcd as a revisioned log. Open it after forking; any number of processes and machines may."""

    def __init__(self, options: Options) -> None:
        self._members = Members(options)
        self._marker = marker(options.prefix)
        try:
            self._names = Names(entries(options.prefix), self._found() - 1)
        except BaseException:
            self._members.close()
            raise
        self._lock = threading.Lock()
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()
        self._commits = Commits(self._members, self._names, self._noted)
        self._seen = 0  # the newest revision that was read or written here
        self._floor = 0  # compaction has been asked for up to here
        self._compacting = 0
        self._idle = threading.Condition(self._lock)
        self._closed = False

    def revision(self) -> int:
        return self._noted(self._names.ours(self._range(range_request(self._marker, count_only=True)).revision))

    def ask_revision(self, done: Done) -> None:
        def then(answer: bytes | Failure) -> None:
            if isinstance(answer, Failure):
                done(answer.as_error())
            else:
                done(self._noted(self._names.ours(read_found(answer).revision)))

        self._members.send(RANGE, range_request(self._marker, count_only=True), then, question=True)

    def get(self, key: str, *, revision: int = 0) -> Entry | None:
        found = self._read(self._names.key(key), revision=revision)
        return self._names.entry(found.pairs[0]) if found.pairs else None

    def page(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        start, end = self._names.key(prefix), after_all(self._names.key(prefix))
        if after:
            start = max(start, self._names.key(after) + b"\0")
        slices: list[Entry] = []
        at = 0
        while True:
            count = min(limit - len(slices), SLICE) if limit else SLICE
            found = self._read(start, end, limit=count, revision=at or revision)
            if not at:
                newest = self._noted(self._names.ours(found.revision))
                at = min(revision, newest) if revision else newest
            slices.extend(map(self._names.entry, found.pairs))
            if not found.more or len(slices) == limit:
                remaining = found.total - len(found.pairs)
                return Page(slices, at, remaining > 0, remaining)
            start = found.pairs[-1].key + b"\0"

    def commit(self, *ops: Op) -> int:
        return commits.commit(self.submit, ops)

    def submit(self, ops: Sequence[Op], done: Done) -> None:
        ops = commits.accepted(ops, MOST_OPS)
        for op in ops:
            op.key.encode()  # raises UnicodeError, a ValueError, before others have to wait for it
        self._commits.pipeline.submit(ops, done)

    def watch(self, after: int) -> Watch:
        with self._lock:
            self._check_open()
            watch = Watch(self._members, self._names, after, self._floor)
            self._watches.add(watch)
            return watch

    def compact(self, revision: int) -> None:
        """Sent and not waited for; reads here are refused at once."""
        self._check_open()
        with self._lock:
            self._floor = max(self._floor, min(revision, self._seen))
            self._compacting += 1
        self._compact(revision)

    def _compact(self, revision: int) -> None:
        def then(answer: bytes | Failure) -> None:
            if isinstance(answer, Failure) and answer.meaning is FailureKind.FUTURE:
                self.ask_revision(newest)
                return
            if isinstance(answer, Failure) and answer.meaning is not FailureKind.COMPACTED:
                log.warning("etcd did not compact to revision %s: %s", revision, answer)
            self._compacted()

        def newest(answer: int | SampanError) -> None:
            if isinstance(answer, int):
                self._compact(answer)
            else:
                self._compacted()

        self._members.send(COMPACT, compaction_request(self._names.theirs(revision)), then)

    def _compacted(self) -> None:
        with self._lock:
            self._compacting -= 1
            self._idle.notify_all()

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            watches = list(self._watches)
        self._commits.pipeline.close(CLOSING)
        with self._lock:
            self._idle.wait_for(lambda: not self._compacting, CLOSING)
        for watch in watches:
            watch.close()
        self._members.close()

    def _found(self) -> int:
        """etcd's revision of the marker, written where there is none yet."""
        request = txn_request(
            [unmodified_since(self._marker, 0)], [put_op(self._marker, FORMAT)], [look_op(self._marker)]
        )
        try:
            marked = read_found(self._members.ask(RANGE, range_request(self._marker)))
            if marked.pairs:
                if marked.pairs[0].value != FORMAT:
                    raise Unavailable("the store was written by a newer sampan")
                return marked.pairs[0].modified
            outcome = read_outcome(self._members.ask(TXN, request))  # asked twice it finds its own marker
        except Failure as error:
            raise error.as_error() from error
        return outcome.revision if outcome.succeeded else outcome.found[0][0].modified

    def _read(self, key: bytes, end: bytes = b"", *, limit: int = 0, revision: int = 0) -> RangeResult:
        """As of a revision of ours; what is not there yet is the newest. Raises Compacted."""
        if 0 < revision < self._floor:
            raise Compacted(self._floor)
        try:
            at = self._names.theirs(revision) if revision else 0
            return self._range(range_request(key, end, limit=limit, revision=at))
        except Failure as error:
            if error.meaning is FailureKind.FUTURE:
                return self._range(range_request(key, end, limit=limit))
            raise Compacted(oldest(self._members, self._names) or revision + 1) from error

    def _range(self, request: bytes) -> RangeResult:
        """Raises Failure for a revision that is not there, else Unavailable."""
        self._check_open()
        try:
            return read_found(self._members.ask(RANGE, request))
        except Failure as error:
            if error.meaning in {FailureKind.COMPACTED, FailureKind.FUTURE}:
                raise
            raise error.as_error() from error

    def _noted(self, revision: int) -> int:
        self._seen = max(self._seen, revision)
        return revision

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("the store is closed")
