"""The one thread of a process that writes: groups what was submitted, commits once, publishes, calls back.

While a transaction is under way submissions pile up; they are the next group, so the group grows with the load and no
commit waits for a timer. The lock on the head's row makes the groups of all servers follow one another."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg

from sampan.contracts.store import Done, Op, Unavailable
from sampan.errors import SampanError
from sampan_postgres.connections import Connection, connect, pipelined, unavailable
from sampan_postgres.feed import SharedFeed
from sampan_postgres.options import Options
from sampan_postgres.transaction import HEAD, LOOK_UP, Transaction
from sampan_stores.commits import call_back

log = logging.getLogger(__name__)

MOST_COMMITS = 256  # in one group

BOUND = (
    "UPDATE bounds SET value = least(%s, (SELECT revision FROM head))"
    " WHERE name = 'oldest' AND value < least(%s, (SELECT revision FROM head))"
)


class Submission(NamedTuple):
    ops: Sequence[Op]
    done: Done


class Writer:
    """Owns the writing connection; everything but ``submit`` and ``close`` happens on its thread."""

    def __init__(self, settings: dict[str, Any], options: Options, feed: SharedFeed, channel: str) -> None:
        self._settings = settings
        self._options = options
        self._feed = feed
        self._channel = channel
        self._connection: Connection | None = None
        self._queue: deque[Submission] = deque()
        self._changed = threading.Condition()
        self._bound = 0  # to be written
        self._stopping = False
        self._finished = False
        self._thread = threading.Thread(target=self._run, name="postgres-writer", daemon=True)
        self._thread.start()

    def submit(self, ops: Sequence[Op], done: Done) -> None:
        """Any thread."""
        with self._changed:
            if not self._finished and not self._stopping:
                self._queue.append(Submission(ops, done))
                self._changed.notify()
                return
        call_back(done, Unavailable("the store is closed"))

    def compact(self, revision: int) -> None:
        """Write that earlier revisions are not read any more, for all servers; before the next group."""
        with self._changed:
            self._bound = max(self._bound, revision)
            self._changed.notify()

    def close(self) -> None:
        """Finish what was submitted and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            group, bound = self._take()
            if bound:
                self._write_bound(bound)
            if not group:
                if self._finished:
                    break
                continue
            try:
                answers, commits = self._commit(group)
            except Exception as error:
                self._let_go()
                log.exception("the store's writer goes on after an error it did not expect")
                answers, commits = [Unavailable(f"PostgreSQL: {error}")] * len(group), []
            if commits:
                self._publish(commits)
            for submission, answer in zip(group, answers, strict=True):
                call_back(submission.done, answer)
        self._let_go()

    def _take(self) -> tuple[list[Submission], int]:
        """The commits and the bound that wait, as soon as one does; no commits and finished at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._stopping or self._bound)
            group = [self._queue.popleft() for _ in range(min(len(self._queue), MOST_COMMITS))]
            bound, self._bound = self._bound, 0
            self._finished = self._stopping and not group
            return group, bound

    def _write_bound(self, bound: int) -> None:
        try:
            self._connected().execute(BOUND, (bound, bound))
        except psycopg.Error as error:  # the next compaction goes further and includes this one
            log.warning("the store could not be compacted: %s", unavailable(error))
            self._let_go()

    def _commit(self, group: list[Submission]) -> tuple[list[int | SampanError], list[Any]]:
        """(an answer for each, what was committed)"""
        try:
            transaction = self._begin(group)
        except psycopg.Error as error:
            return self._apart(group, error)
        answers: list[int | SampanError] = [transaction.decide(submission.ops) for submission in group]
        try:
            connection = self._connected()
            if transaction.commits:
                pipelined(connection, *transaction.statements(self._channel), ("COMMIT", ()))
            else:
                connection.execute("ROLLBACK")
        except psycopg.Error as error:
            return self._apart(group, error)
        return answers, transaction.commits

    def _begin(self, group: list[Submission]) -> Transaction:
        """Lock the head and look up what the group is about. Nothing is written, so it may be tried twice."""
        keys = list({op.key: None for submission in group for op in submission.ops})
        statements = (("BEGIN", ()), (HEAD, ()), (LOOK_UP, (keys,)))
        try:
            _, ((newest,),), rows = pipelined(self._connected(), *statements)
        except psycopg.OperationalError:
            self._let_go()
            _, ((newest,),), rows = pipelined(self._connected(), *statements)
        return Transaction(newest, rows)

    def _apart(self, group: list[Submission], error: psycopg.Error) -> tuple[list[int | SampanError], list[Any]]:
        """A failed transaction: each for itself if one of them is at fault (a key that is no text for PostgreSQL),
        else all have failed."""
        self._let_go()
        if not isinstance(error, psycopg.DataError) or len(group) == 1:
            return [unavailable(error)] * len(group), []
        answers: list[int | SampanError] = []
        commits: list[Any] = []
        for submission in group:
            answer, committed = self._commit([submission])
            answers += answer
            commits += committed
        return answers, commits

    def _publish(self, commits: list[Any]) -> None:
        try:
            self._feed.offer(commits)
        except Unavailable as error:
            log.warning("the commits of others are not known yet: %s", error)

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = connect(self._settings, self._options)
        return self._connection

    def _let_go(self) -> None:
        """Roll back and forget the connection; the next use opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
