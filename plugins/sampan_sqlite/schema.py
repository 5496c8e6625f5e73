"""The tables and how a connection to them is opened. Knows SQL and files, nothing of commits.

``log`` has a row for each change; its id is ``revision << 16 | number of the change in its commit``, so one integer
key gives the order, the revision and the place in the commit. ``current`` says which row of the log each key's
present value is, so that reading the present does not grow with the past.
"""

from __future__ import annotations

import os
import sqlite3

from sampan.contracts.store import Unusable
from sampan_sqlite.file_health import FileHealth, check_files
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
VERSION_2 = """
ALTER TABLE log ADD COLUMN crc INTEGER;     -- condition.checksum; NULL: written by version 1
"""
MIGRATIONS = (VERSION_1, VERSION_2)
CHECKED_AT_ONCE = 64 << 20  # bytes; a larger file is checked beside the work


def revision_of(id: int) -> int:
    return id >> SHIFT


def first_id(revision: int) -> int:
    return revision << SHIFT


def last_id(revision: int) -> int:
    return revision << SHIFT | LAST


def prepare(options: Options, condition: FileHealth | None = None) -> None:
    """Make the file (readable by its owner only, for it holds Secrets), check it, and bring its tables up to date.

    Raises Unusable."""
    condition = condition or FileHealth(options.path)
    os.makedirs(os.path.dirname(options.path), mode=0o700, exist_ok=True)
    check_files(condition)
    os.close(os.open(options.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    with condition.translated():
        connection = connect(options)
        try:
            if not os.path.getsize(options.path):
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # heeded only while the file is empty
            connection.execute("PRAGMA journal_mode = WAL")
            _migrate(connection)
            if is_checked_at_once(options):
                check(connection, condition)
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
        raise Unusable(f"the store was written by a newer sampan (its format is {version}); use that one")
    for script in MIGRATIONS[version:]:
        for statement in script.split(";\n"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def is_checked_at_once(options: Options) -> bool:
    """Measured: 1 ms for each MB, so that a start waits 64 ms at most."""
    return options.check == "yes" or (options.check == "auto" and os.path.getsize(options.path) <= CHECKED_AT_ONCE)


def check(connection: sqlite3.Connection, condition: FileHealth) -> None:
    """Raises Unusable where SQLite finds its file's structure damaged."""
    problems = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    if problems != ["ok"]:
        raise condition.damaged("; ".join(problem.strip().replace("\n", " ") for problem in problems))


def check_aside(options: Options, condition: FileHealth) -> None:
    """The same for a large file, on a connection of its own; what is found is told by the condition."""
    connection = connect(options, reading=True)
    try:
        check(connection, condition)
    except sqlite3.Error as error:
        condition.translate(error)
    except Unusable:
        pass
    finally:
        connection.close()
