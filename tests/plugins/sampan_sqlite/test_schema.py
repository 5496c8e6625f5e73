from __future__ import annotations

import os
import sqlite3
import stat

import pytest

from sampan.contracts.store import Unavailable
from sampan_sqlite.options import Options
from sampan_sqlite.schema import prepare


def test_only_the_owner_may_read_the_file(tmp_path):
    options = Options(str(tmp_path / "new" / "store.db"))
    prepare(options)

    assert stat.S_IMODE(os.stat(options.path).st_mode) == 0o600


def test_a_file_of_a_newer_format_is_refused(tmp_path):
    options = Options(str(tmp_path / "store.db"))
    prepare(options)
    with sqlite3.connect(options.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(Unavailable, match="newer"):
        prepare(options)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "store.db"
    path.write_bytes(b"this is text" * 1000)

    with pytest.raises(Unavailable):
        prepare(Options(str(path)))
