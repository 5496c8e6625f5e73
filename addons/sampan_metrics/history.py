"""What was measured, in one bounded SQLite file: the last hour as it was, before that averages over five minutes.

Writes are appended by time, so a round costs one small transaction and dropping the oldest a few pages. A damaged file
is replaced by an empty one. Thread-safe. Knows nothing of HTTP."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sampan_metrics.reading import Address

log = logging.getLogger(__name__)

FINE = 3600  # seconds kept as measured
STEP = 300  # seconds of one average
MOST_ROWS = 20_000
FULL = 0.95  # of the allowed size: what is oldest goes
_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, node TEXT NOT NULL, namespace TEXT NOT NULL, pod TEXT NOT NULL, container TEXT NOT NULL,
    last INTEGER NOT NULL, UNIQUE (namespace, pod, container, node)
);
CREATE TABLE IF NOT EXISTS fine (
    at INTEGER NOT NULL, series INTEGER NOT NULL, cpu INTEGER NOT NULL, memory INTEGER NOT NULL,
    PRIMARY KEY (at, series)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS coarse (
    at INTEGER NOT NULL, series INTEGER NOT NULL, cpu INTEGER NOT NULL, cpu_most INTEGER NOT NULL,
    memory INTEGER NOT NULL, memory_most INTEGER NOT NULL, PRIMARY KEY (at, series)
) WITHOUT ROWID;
"""
_QUERY = """
SELECT series, at / :step * :step AS bucket, avg(cpu), max(cpu_most), avg(memory), max(memory_most) FROM (
    SELECT at, series, cpu, cpu_most, memory, memory_most FROM coarse
        WHERE at >= :since AND at < :fine AND at <= :until AND series IN ({series})
    UNION ALL
    SELECT at, series, cpu, cpu, memory, memory FROM fine
        WHERE at >= max(:since, :fine) AND at <= :until AND series IN ({series})
) GROUP BY series, bucket ORDER BY bucket, series LIMIT :most
"""


class Sample(NamedTuple):
    """One measurement to keep. cpu in nanocores, memory in bytes."""

    node: str
    address: Address
    at: float
    cpu: int
    memory: int


class Row(NamedTuple):
    """What a container or node used over one step that begins at ``at``: averages and maxima."""

    at: int
    node: str
    container: str
    cpu: int
    cpu_most: int
    memory: int
    memory_most: int


class History:
    """``path`` is made where it is missing. ``hours`` and ``megabytes`` bound what is kept."""

    def __init__(self, path: Path, *, hours: float = 24.0, megabytes: int = 64) -> None:
        self._path, self._seconds, self._bytes = path, max(hours, 1.0) * 3600, max(megabytes, 1) << 20
        self._lock = threading.Lock()
        self._known: dict[tuple[str, Address], int] = {}
        self._rolled = 0  # up to when averages have been made
        self._db = self._open()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def add(self, samples: Iterable[Sample]) -> None:
        """Keep them; raises sqlite3.Error (disk full, damaged file)."""
        with self._lock:
            try:
                with self._db:
                    self._add(samples)
            except sqlite3.DatabaseError:
                self._known.clear()
                raise

    def tidy(self, now: float) -> None:
        """Make averages of what is complete, drop what is too old or too much; once a minute will do."""
        with self._lock, self._db:
            self._roll_up(int(now))
            self._drop(int(now - self._seconds))
        with self._lock:
            self._bound()

    def size(self) -> int:
        """Bytes in use in the file."""
        with self._lock:
            return self._used()

    def query(
        self, *, since: float, until: float, step: int = 0, namespace: str = "", pod: str = "", node: str = "",
        container: str = "",
    ) -> list[Row]:  # fmt: skip
        """Of a pod's containers, or with ``node`` of the node itself; ``step`` 0: as fine as is kept."""
        with self._lock:
            names = self._series(namespace, pod, node, container)
            if not names:
                return []
            asked = _QUERY.format(series=",".join(str(number) for number in names))  # numbers of our own
            given = {
                "step": max(step, 1), "since": int(since), "until": int(until), "fine": self._first_fine(),
                "most": MOST_ROWS,
            }  # fmt: skip
            rows = self._db.execute(asked, given).fetchall()
        return [Row(at, *names[series], *(round(value) for value in values)) for series, at, *values in rows]

    # -- inside; the lock is held

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            log.warning("metrics: %s cannot be read and is replaced by an empty file: %s", self._path, error)
            for path in self._path.parent.glob(f"{self._path.name}*"):
                path.unlink()
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, check_same_thread=False, timeout=5)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA journal_size_limit=4194304")
        db.execute("PRAGMA cache_size=-1024")
        db.executescript(_SCHEMA)
        self._known = {
            (node, Address(namespace, pod, container)): number
            for number, node, namespace, pod, container in db.execute(
                "SELECT id, node, namespace, pod, container FROM series"
            )
        }
        (self._rolled,) = db.execute("SELECT coalesce(max(at) + ?, 0) FROM coarse", (STEP,)).fetchone()
        return db

    def _add(self, samples: Iterable[Sample]) -> None:
        rows = [(int(s.at), self._number(s), s.cpu, s.memory) for s in samples]
        self._db.executemany("INSERT OR REPLACE INTO fine VALUES (?, ?, ?, ?)", rows)

    def _number(self, sample: Sample) -> int:
        key = (sample.node, sample.address)
        number = self._known.get(key)
        if number is None:
            found = self._db.execute(
                "INSERT INTO series (node, namespace, pod, container, last) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET last = excluded.last RETURNING id",
                (sample.node, *sample.address, int(sample.at)),
            ).fetchone()
            number = self._known[key] = int(found[0])
        return number

    def _roll_up(self, now: int) -> None:
        """Averages of every five minutes that are over; late measurements of them are taken in once more."""
        over = now // STEP * STEP
        if over <= self._rolled:
            return
        since = max(self._rolled - STEP, 0)
        self._db.execute(
            "INSERT OR REPLACE INTO coarse SELECT at / :step * :step, series, avg(cpu), max(cpu), avg(memory), "
            "max(memory) FROM fine WHERE at >= :since AND at < :over GROUP BY 1, 2",
            {"step": STEP, "since": since, "over": over},
        )
        self._db.execute("DELETE FROM fine WHERE at < ?", (over - FINE,))
        self._rolled = over

    def _drop(self, before: int) -> None:
        self._db.execute("DELETE FROM coarse WHERE at < ?", (before,))
        gone = self._db.execute(
            "DELETE FROM series WHERE id NOT IN (SELECT series FROM coarse UNION SELECT series FROM fine) RETURNING id"
        ).fetchall()
        if gone:
            numbers = {number for (number,) in gone}
            self._known = {key: number for key, number in self._known.items() if number not in numbers}

    def _bound(self) -> None:
        """Drop the oldest tenth until the rest fits."""
        while self._used() > self._bytes * FULL:
            table = "coarse" if self._db.execute("SELECT 1 FROM coarse LIMIT 1").fetchone() else "fine"
            first, last = self._db.execute(f"SELECT min(at), max(at) FROM {table}").fetchone()
            if first is None:
                return
            with self._db:
                self._db.execute(f"DELETE FROM {table} WHERE at <= ?", (first + (last - first) // 10,))

    def _used(self) -> int:
        size, pages, free = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
        return int(size * (pages - free))

    def _first_fine(self) -> int:
        """From when on measurements are kept as they were; before that there are averages."""
        (first,) = self._db.execute("SELECT min(at) FROM fine").fetchone()
        if first is None:
            return self._rolled
        return int(-(-first // STEP) * STEP) if self._db.execute("SELECT 1 FROM coarse LIMIT 1").fetchone() else first

    def _series(self, namespace: str, pod: str, node: str, container: str) -> dict[int, tuple[str, str]]:
        where, given = "namespace = ? AND pod = ?", [namespace, pod]
        if node:
            where, given = "namespace = '' AND node = ?", [node]
        if container:
            where, given = f"{where} AND container = ?", [*given, container]
        rows = self._db.execute(f"SELECT id, node, container FROM series WHERE {where}", given)
        return {number: (name, container) for number, name, container in rows}
