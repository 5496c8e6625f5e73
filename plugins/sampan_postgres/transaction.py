"""Many commits as one transaction of the database's: decide in memory, then write with a handful of statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sampan.contracts.store import Change, Op, Put, Stale
from sampan_postgres.schema import LAST, first_id, revision_of

MOST_CHANGES = LAST  # of one commit

HEAD = "SELECT revision FROM head FOR UPDATE"
LOOK_UP = (
    "SELECT c.key, c.id, c.created, l.value FROM current c JOIN log l ON l.id = c.id WHERE c.key = ANY(%s::text[])"
)
LOG = (
    "INSERT INTO log (id, key, created, previous, value)"
    " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %b::bytea[])"
)
CURRENT = (
    "INSERT INTO current (key, id, created) SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[])"
    " ON CONFLICT (key) DO UPDATE SET id = EXCLUDED.id, created = EXCLUDED.created"
)
GONE = "DELETE FROM current WHERE key = ANY(%s::text[])"
EXPIRING = (
    "INSERT INTO expiring (id, at) SELECT id, now() + ttl * interval '1 second'"
    " FROM unnest(%s::bigint[], %s::bigint[]) AS given (id, ttl)"
)
MOVE = "UPDATE head SET revision = %s"
NOTIFY = "SELECT pg_notify(%s, %s)"

Statement = tuple[str, tuple[Any, ...]]


class KeyState(NamedTuple):
    """A key's present state; id 0: absent."""

    id: int
    created: int
    value: bytes | None


ABSENT = KeyState(0, 0, None)


class Transaction:
    """Decides commit after commit on top of what was looked up, and says what has to be written."""

    def __init__(self, newest: int, rows: Iterable[tuple[str, int, int, bytes]]) -> None:
        self.newest = newest
        self.commits: list[tuple[int, tuple[Change, ...]]] = []
        self._known = {key: KeyState(id, created, value) for key, id, created, value in rows}
        self._touched: set[str] = set()
        self._log: list[tuple[Any, ...]] = []
        self._expiring: list[tuple[int, int]] = []

    def decide(self, ops: Sequence[Op]) -> int | Stale:
        """The commit's revision, or why it is refused."""
        known = self._known
        for op in ops:
            if op.expect is not None and op.expect != revision_of(known.get(op.key, ABSENT).id):
                return Stale(op.key)
        revision = self.newest + 1
        id = first_id(revision)
        changes = []
        for op in ops:
            old = known.get(op.key, ABSENT)
            if type(op) is Put:
                new = KeyState(id, old.created or revision, op.value)
                if op.ttl:
                    self._expiring.append((id, op.ttl))
            elif old.id:
                new = ABSENT
            else:
                continue
            known[op.key] = new
            self._touched.add(op.key)
            self._log.append((id, op.key, new.created, old.id, new.value))
            changes.append(Change(revision, op.key, new.value, old.value, revision_of(old.id)))
            id += 1
        if not changes:
            return self.newest
        self.newest = revision
        self.commits.append((revision, tuple(changes)))
        return revision

    def statements(self, channel: str) -> list[Statement]:
        """What writes it down and tells the other servers."""
        present = [(key, *self._known[key][:2]) for key in self._touched if self._known[key].id]
        gone = [key for key in self._touched if not self._known[key].id]
        found: list[Statement] = [(LOG, _columns(self._log))]
        if present:
            found.append((CURRENT, _columns(present)))
        if gone:
            found.append((GONE, (gone,)))
        if self._expiring:
            found.append((EXPIRING, _columns(self._expiring)))
        return [*found, (MOVE, (self.newest,)), (NOTIFY, (channel, str(self.newest)))]


def _columns(rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(map(list, zip(*rows, strict=True)))
