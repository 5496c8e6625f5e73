"""Compaction in small steps, so that no commit waits long and the file stays as large as its content.

The bound is written first: from then on older reads are refused. Removing what they would have needed follows
the log from the last bound to the new one: a change at or before the bound makes the one it replaced garbage, and a
deletion makes itself garbage. So a step costs by what happened, not by what is stored.
"""

from __future__ import annotations

import sqlite3
from collections import deque

from sampan_sqlite.options import Options
from sampan_sqlite.schema import last_id

MARK_EVERY = 10.0  # seconds between the points of time that revisions are known for
STEP = 500  # changes looked at in one step of an idle moment
SPARE_PAGES = 1024  # free pages that stay in the file for what comes next
VACUUM_PAGES = 256

SET = "UPDATE bounds SET value = ?2 WHERE name = ?1 AND value < ?2"
SUPERSEDED = "DELETE FROM log WHERE id IN (SELECT previous FROM log WHERE id > ? AND id <= ? AND previous)"
DELETED = "DELETE FROM log WHERE id > ? AND id <= ? AND NOT created"
NTH = "SELECT max(id) FROM (SELECT id FROM log WHERE id > ? AND id <= ? ORDER BY id LIMIT ?)"


class Compaction:
    """Decides the revision to compact to, and removes what is older. The writer's thread only."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._marks: deque[tuple[float, int]] = deque()
        self._wanted = 0
        self._oldest = 0  # as last written or read
        self._behind = True  # there may be something to remove

    def want(self, revision: int) -> None:
        """Compact to there in time."""
        self._wanted = max(self._wanted, revision)

    def mark(self, now: float, newest: int) -> None:
        """Remember when a revision was the newest; want what has become too old."""
        if not self._marks or now - self._marks[-1][0] >= MARK_EVERY:
            self._marks.append((now, newest))
        while self._marks and now - self._marks[0][0] >= self._options.keep_seconds:
            self.want(self._marks.popleft()[1])

    def due(self, newest: int) -> bool:
        """Whether a step would do something; also bounds the number of commits kept."""
        keep = self._options.keep_commits
        if newest - max(self._oldest, self._wanted) > keep + keep // 8:  # now and then, not with every commit
            self.want(newest - keep)
        return self._behind or self._wanted > self._oldest

    def step(self, connection: sqlite3.Connection, newest: int, changes: int) -> None:
        """Look at so many changes; inside a transaction."""
        self._wanted = min(self._wanted, newest)  # or what is asked for the future would stay due for ever
        if self._wanted > self._oldest:
            connection.execute(SET, ("oldest", self._wanted))
        self._oldest, collected = (
            row[0] for row in connection.execute("SELECT value FROM bounds ORDER BY name = 'collected'").fetchall()
        )
        # The newest revision is known by its row in the log, so that one stays even if it is a deletion.
        until = last_id(min(self._oldest, newest - 1))
        reached = connection.execute(NTH, (collected, until, changes)).fetchone()[0]
        if reached is None:
            self._behind = False
            return
        connection.execute(SUPERSEDED, (collected, reached))
        connection.execute(DELETED, (collected, reached))
        connection.execute(SET, ("collected", reached))
        self._behind = True

    def set_back(self) -> None:
        """A transaction with a step in it failed."""
        self._oldest = 0
        self._behind = True


def vacuum(connection: sqlite3.Connection, *, spare: bool = True) -> bool:
    """Give free pages at the end of the file back, a few at a time (all but some ``spare`` ones); whether there are
    more."""
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    if free <= (max(SPARE_PAGES, pages // 4) if spare else 0):
        return False
    connection.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()
    return True
