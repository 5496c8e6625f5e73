from __future__ import annotations

import pytest

from sampan_sqlite.options import Options
from sampan_sqlite.store import SqliteStore
from sampan_testing.store import SharedStoreContract


class TestSqliteStore(SharedStoreContract):
    @pytest.fixture
    def options(self, tmp_path):
        return Options(str(tmp_path / "store.db"), synchronous="normal")

    @pytest.fixture
    def store(self, options):
        store = SqliteStore(options)
        yield store
        store.close()

    @pytest.fixture
    def second(self, store, options):
        second = SqliteStore(options)
        yield second
        second.close()

    @pytest.fixture
    def reopen(self, store, options):
        opened = []

        def close_and_open():
            store.close()
            opened.append(SqliteStore(options))
            return opened[-1]

        yield close_and_open
        for again in opened:
            again.close()
