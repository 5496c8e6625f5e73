"""The one thread of a process that writes: groups what was submitted, flushes once, publishes, calls back.

It sleeps in ``poll`` on an eventfd (submissions) and the notices' socket. While a flush is under way submissions pile
up; they are the next group, so the group grows with the load and no commit waits for a timer.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import sqlite3
import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from sampan.contracts.store import Delete, Done, Op, Unavailable, Unusable
from sampan.errors import SampanError
from sampan_sqlite.commit_counter import CommitCounter
from sampan_sqlite.compaction import STEP, Compaction, vacuum
from sampan_sqlite.file_health import FileHealth, is_full
from sampan_sqlite.options import Options
from sampan_sqlite.peer_notifier import PeerNotifier
from sampan_sqlite.reader import changes_after, head
from sampan_sqlite.recent_keys import RecentKeys
from sampan_sqlite.reserve import WHOLE, DiskReserve
from sampan_sqlite.schema import FIRST_REVISION, connect, revision_of
from sampan_sqlite.transaction import Transaction
from sampan_stores.commits import call_back
from sampan_stores.feed import Feed

log = logging.getLogger(__name__)

MOST_COMMITS = 256  # in one group
LOOK_EVERY = 1.0  # seconds between looks at the file where other processes have it open
ALONE_EVERY = 5.0  # and where none has
CHECKPOINT_CHANGES = 4000  # written since the last checkpoint
KEPT_WHEN_FULL = 100  # revisions of the past while the disk is full
GAP = 1000  # foreign changes read at a time

DUE = (
    "SELECT e.id, c.key FROM expiring e LEFT JOIN log l ON l.id = e.id"
    " LEFT JOIN current c ON c.key = l.key AND c.id = e.id WHERE e.at <= ? ORDER BY e.at LIMIT 200"
)


class Submission(NamedTuple):
    ops: Sequence[Op]
    done: Done


class Writer:
    """Owns the writing connection; everything but ``submit``, ``compact`` and ``close`` happens on its thread."""

    def __init__(
        self,
        options: Options,
        feed: Feed,
        notices: PeerNotifier,
        turns: CommitCounter,
        condition: FileHealth,
        reserve: DiskReserve,
    ) -> None:
        self._options = options
        self._feed = feed
        self._notices = notices
        self._turns = turns
        self._condition = condition
        self._reserve = reserve
        self._compaction = Compaction(options)
        self._recent = RecentKeys()
        self._connection: sqlite3.Connection | None = None
        self._queue: deque[Submission] = deque()
        self._asleep = False
        self._stopping = False
        self._finished = False
        self._unwritten = 0  # changes since the last checkpoint
        self._next_look = 0.0
        self._next_expiry = 0
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        # Closed with the object, not with the thread: a late submission may be about to write to it.
        weakref.finalize(self, os.close, self._wake)
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._poll.register(notices.fileno(), select.POLLIN)
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, ops: Sequence[Op], done: Done) -> None:
        """Any thread. The hot path: no lock, and no system call unless the thread sleeps."""
        self._queue.append(Submission(ops, done))
        if self._asleep:
            self._rouse()
        elif self._finished:
            self._refuse()

    def compact(self, revision: int) -> None:
        self._compaction.want(revision)
        self._next_look = 0.0
        self._rouse()

    def close(self) -> None:
        """Finish what was submitted and end the thread."""
        self._stopping = True
        if not self._finished:
            self._rouse()
        self._thread.join()

    def _rouse(self) -> None:
        self._asleep = False
        os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        while True:
            try:
                if not self._queue:
                    if self._stopping:
                        self._look()
                        break
                    self._sleep()
                group = [self._queue.popleft() for _ in range(min(len(self._queue), MOST_COMMITS))]
                if group:
                    self._commit(group)
                if time.monotonic() >= self._next_look:
                    self._look()
            except Exception:
                log.exception("the store's writer goes on after an error it did not expect")
                self._give_up()
        self._finished = True
        self._refuse()
        self._give_up()

    def _sleep(self) -> None:
        self._asleep = True
        if not self._queue and not self._stopping:  # looked at after saying so, or a submission might be missed
            for fd, _ in self._poll.poll(max(0.0, self._next_look - time.monotonic()) * 1000):
                if fd == self._wake:
                    os.eventfd_read(self._wake)
                else:
                    self._notices.clear()
                    self._next_look = 0.0
        self._asleep = False

    def _refuse(self) -> None:
        while self._queue:
            try:
                done = self._queue.popleft().done
            except IndexError:  # another thread refuses too
                return
            call_back(done, Unavailable("the store is closed"))

    # committing

    def _commit(self, group: list[Submission]) -> None:
        answers: list[int | SampanError]
        try:
            self._condition.require()
            answers = self._flush(group)
        except Unusable as error:
            self._give_up()
            answers = [error] * len(group)
        except sqlite3.Error as error:
            self._give_up()
            if is_full(error, self._options.path) and self._reserve.release():
                self._next_look = 0.0
                self._commit(group)
                return
            if len(group) > 1 and not isinstance(error, sqlite3.OperationalError):
                self._one_by_one(group)
                return
            answers = [self._condition.translate(error)] * len(group)
        except (ValueError, TypeError, OverflowError) as error:  # a key or value that cannot be bound
            self._give_up()
            if len(group) > 1:
                self._one_by_one(group)
                return
            answers = [Unavailable(f"cannot be stored: {error}")]
        for submission, answer in zip(group, answers, strict=True):
            call_back(submission.done, answer)
        if self._unwritten >= CHECKPOINT_CHANGES:
            self._next_look = 0.0

    def _one_by_one(self, group: list[Submission]) -> None:
        """One commit of the group failed: commit each alone, so that the others succeed."""
        for submission in group:
            self._commit([submission])

    def _flush(self, group: list[Submission]) -> list[int | SampanError]:
        connection = self._connected()
        connection.execute("BEGIN IMMEDIATE")
        keys = {op.key: None for submission in group for op in submission.ops}
        newest_id = self._recent.load(connection, keys)
        newest = revision_of(newest_id) if newest_id else FIRST_REVISION
        if newest != self._feed.newest:
            self._catch_up(connection)
            self._recent.load(connection, keys)
        transaction = Transaction(self._recent, newest, int(time.time()) + 1)
        answers: list[int | SampanError] = [self._decided(transaction, submission.ops) for submission in group]
        if not transaction.commits:
            connection.execute("ROLLBACK")
            return answers
        changes = transaction.write(connection)
        if self._compaction.due(newest):
            self._compaction.step(connection, newest, 2 * changes + 16)
        connection.execute("COMMIT")
        self._turns.move_on()
        self._unwritten += changes
        if self._reserve.level != WHOLE:  # or the write-ahead log would grow with each deletion and use up the reserve
            with contextlib.suppress(sqlite3.Error):  # what is committed is committed
                self._checkpoint(connection)
        if transaction.expiring:
            self._expect(min(at for _, at in transaction.expiring))
        self._recent.trim()
        self._feed.append(transaction.commits)
        self._notices.tell()
        return answers

    def _decided(self, transaction: Transaction, ops: Sequence[Op]) -> int | SampanError:
        refused = self._reserve.refuse(ops, self._recent) if self._reserve.level != WHOLE else None
        return refused or transaction.decide(ops)

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        """Publish what other processes have committed; inside a transaction."""
        self._recent.forget()
        newest, oldest = head(connection)
        if self._feed.newest < oldest:
            self._feed.skip(newest)
        while self._feed.newest < newest:
            self._feed.append(changes_after(connection, self._condition, self._feed.newest, GAP))

    # upkeep

    def _look(self) -> None:
        """What has to be done now and then: others' commits, expiry, compaction, checkpoint. Small steps each."""
        self._next_look = time.monotonic() + (LOOK_EVERY if self._notices.peers() else ALONE_EVERY)
        if self._condition.damage:
            return
        try:
            if self._reserve.level != WHOLE:
                self._reserve.restore()
                self._compaction.want(self._feed.newest - KEPT_WHEN_FULL)
            connection = self._connected()
            if self._unwritten >= CHECKPOINT_CHANGES:
                self._checkpoint(connection)
            if head(connection)[0] != self._feed.newest:
                connection.execute("BEGIN")
                self._catch_up(connection)
                connection.execute("COMMIT")
            self._compaction.mark(time.monotonic(), self._feed.newest)
            if self._work_off(connection):
                self._next_look = 0.0
        except Unusable:
            self._give_up()
        except sqlite3.Error as error:
            self._give_up()
            if is_full(error, self._options.path):
                self._reserve.release()
            else:
                log.warning("the store's upkeep will be tried again: %s", self._condition.translate(error))

    def _work_off(self, connection: sqlite3.Connection) -> bool:
        """One step of each work; whether there is more at once."""
        more = self._expire(connection)
        if self._compaction.due(self._feed.newest):
            connection.execute("BEGIN IMMEDIATE")
            self._compaction.step(connection, head(connection)[0], STEP)
            connection.execute("COMMIT")
            self._unwritten += STEP
            more = True
        elif not self._queue and vacuum(connection, spare=self._reserve.level == WHOLE):
            self._unwritten += STEP
            more = True
        if self._unwritten and not self._queue and not more:
            self._checkpoint(connection)
        return more

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        """Carry what was written over into the file, so that the write-ahead log starts again at its beginning."""
        self._unwritten = 0
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _expire(self, connection: sqlite3.Connection) -> bool:
        now = int(time.time())
        if now < self._next_expiry:
            self._expect(self._next_expiry)
            return False
        due = connection.execute(DUE, (now,)).fetchall()
        if due:
            group = [Submission((Delete(key, expect=revision_of(id)),), _ignore) for id, key in due if key is not None]
            if group:
                self._commit(group)
            connection = self._connected()
            connection.executemany("DELETE FROM expiring WHERE id = ?", [(id,) for id, _ in due])
            self._unwritten += len(due)
        following = connection.execute("SELECT min(at) FROM expiring").fetchone()[0]
        self._next_expiry = following or now + 3600
        self._expect(self._next_expiry)
        return len(due) == 200

    def _expect(self, at: int) -> None:
        """Look again when the time has come."""
        self._next_expiry = min(self._next_expiry, at)
        self._next_look = min(self._next_look, time.monotonic() + max(0.0, at - time.time()) + 0.01)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._options)
        return self._connection

    def _give_up(self) -> None:
        """Roll back and close the connection; the next use opens a new one, which is also how the store recovers from a
        full disk."""
        self._recent.forget()
        self._compaction.set_back()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()  # an open transaction is rolled back by that


def _ignore(answer: int | SampanError) -> None:
    """For an expired entry: one that was put again meanwhile stays."""
