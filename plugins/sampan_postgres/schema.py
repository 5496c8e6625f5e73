"""The tables and how they are made. Knows SQL, nothing of commits.

``log`` has a row for each change; its id is ``revision << 16 | number of the change in its commit``, so one integer
gives the order, the revision and the place in the commit. ``current`` says which row of the log each key's present
value is. ``head`` has one row: its lock is what makes the order of revisions the order of commits.
"""

from __future__ import annotations

import psycopg

from sampan.contracts.store import Unavailable
from sampan.errors import ConfigError
from sampan_postgres.connections import Connection
from sampan_postgres.options import Options

SHIFT = 16  # bits of an id that number the changes within one commit
LAST = (1 << SHIFT) - 1
ABOVE = "\U0010ffff"  # sorts after whatever a key goes on with

VERSION_1 = """
CREATE TABLE log (
    id bigint PRIMARY KEY,
    key text COLLATE "C" NOT NULL,
    created bigint NOT NULL,   -- revision that made the key exist; 0: this change deleted it
    previous bigint NOT NULL,  -- id of the change that wrote what this one replaced; 0: the key was absent
    value bytea
);
CREATE INDEX log_key ON log (key, id, created);
CREATE TABLE current (key text COLLATE "C" PRIMARY KEY, id bigint NOT NULL, created bigint NOT NULL);
CREATE TABLE expiring (id bigint PRIMARY KEY, at timestamptz NOT NULL);
CREATE INDEX expiring_at ON expiring (at);
CREATE TABLE head (revision bigint NOT NULL) WITH (fillfactor = 10);
CREATE TABLE bounds (name text PRIMARY KEY, value bigint NOT NULL) WITH (fillfactor = 10);
INSERT INTO head VALUES (1);
INSERT INTO bounds VALUES ('oldest', 0), ('collected', 0)
"""
MIGRATIONS = (VERSION_1,)


def revision_of(id: int) -> int:
    return id >> SHIFT


def first_id(revision: int) -> int:
    return revision << SHIFT


def last_id(revision: int) -> int:
    return revision << SHIFT | LAST


def lock_number(connection: Connection, options: Options, purpose: str) -> int:
    """The number of an advisory lock of this store's."""
    row = connection.execute("SELECT hashtextextended(%s, 0)", (f"sampan {options.schema} {purpose}",)).fetchone()
    assert row is not None
    return int(row[0])


def prepare(connection: Connection, options: Options) -> None:
    """Bring the tables up to date; one process does, others wait and then find it done."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise ConfigError(f"store: the database must be encoded in UTF8, not {encoding}")
    lock = lock_number(connection, options, "schema")
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
        present = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (options.schema,)).fetchone()
        if not present:
            connection.execute(psycopg.sql.SQL("CREATE SCHEMA {}").format(psycopg.sql.Identifier(options.schema)))
        connection.execute("CREATE TABLE IF NOT EXISTS format (version int NOT NULL)")
        row = connection.execute("SELECT version FROM format").fetchone()
        version = row[0] if row else 0
        if version > len(MIGRATIONS):
            raise Unavailable(f"the store was written by a newer sampan (its format is {version})")
        if version == len(MIGRATIONS):
            return
        for script in MIGRATIONS[version:]:
            connection.execute(script)
        connection.execute("DELETE FROM format")
        connection.execute("INSERT INTO format VALUES (%s)", (len(MIGRATIONS),))
