"""The tables and how a connection to them is opened. Knows SQL and files, nothing of commits.

``log`` has a row for each change; its id is ``revision << 16 | number of the change in its commit``, so one integer
key gives the order, the revision and the place in the commit. ``current`` says which row of the log each key's
present value is, so that reading the present does not grow with the past.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sampan.contracts.store import Unavailable
from sampan_sqlite.options import Options

SHIFT = 16  # bits of an id that number the changes within one commit
LAST = (1 << SHIFT) - 1
FIRST_REVISION = 1  # of a store in which nothing was ever written

VERSION_1 = """
CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    created INTEGER NOT NULL,   -- revision that made the key exist; 0: this change deleted it
    previous INTEGER NOT NULL,  -- id of the change that wrote what this one replaced; 0: the key was absent
    value BLOB
);
CREATE INDEX log_key ON log (key, id, created);
CREATE TABLE current (key TEXT PRIMARY KEY, id INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE expiring (id INTEGER PRIMARY KEY, at INTEGER NOT NULL);
CREATE INDEX expiring_at ON expiring (at);
CREATE TABLE bounds (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO bounds VALUES ('oldest', 0), ('collected', 0);
"""
MIGRATIONS = (VERSION_1,)


def revision_of(id: int) -> int:
    return id >> SHIFT


def first_id(revision: int) -> int:
    return revision << SHIFT


def last_id(revision: int) -> int:
    return revision << SHIFT | LAST


@contextmanager
def translated() -> Iterator[None]:
    """SQLite's errors as Unavailable."""
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(f"sqlite: {error}") from error


def prepare(options: Options) -> None:
    """Make the file (readable by its owner only, for it holds Secrets) and bring its tables up to date."""
    os.makedirs(os.path.dirname(options.path), mode=0o700, exist_ok=True)
    os.close(os.open(options.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    with translated():
        connection = connect(options)
        try:
            if not os.path.getsize(options.path):
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # heeded only while the file is empty
            connection.execute("PRAGMA journal_mode = WAL")
            _migrate(connection)
            if options.check == "yes":
                _check(connection)
        finally:
            connection.close()


def connect(options: Options, *, reading: bool = False) -> sqlite3.Connection:
    """A connection to a prepared file, for one thread at a time; autocommit, so transactions are written out."""
    connection = sqlite3.connect(
        options.path,
        timeout=options.busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    execute = connection.execute
    if reading:
        execute("PRAGMA query_only = 1")
        execute("PRAGMA cache_size = -1000")  # KiB: the kernel has the pages anyway
    else:
        execute(f"PRAGMA synchronous = {options.synchronous}")
        execute("PRAGMA cache_size = -4000")
        execute("PRAGMA wal_autocheckpoint = 0")  # upkeep chooses the moment
        execute("PRAGMA journal_size_limit = 67108864")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")  # one process migrates, others wait and then find it done
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        connection.execute("ROLLBACK")
        raise Unavailable(f"the store was written by a newer sampan (its format is {version})")
    for script in MIGRATIONS[version:]:
        for statement in script.split(";\n"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection) -> None:
    problems = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
    if problems != ["ok"]:
        raise Unavailable(f"the store's file is damaged: {'; '.join(problems)}")
