from __future__ import annotations

import pytest

from sampan_postgres.store import PostgresStore
from sampan_testing.store import DistantStoreContract


class TestPostgresStore(DistantStoreContract):
    @pytest.fixture
    def store(self, options):
        store = PostgresStore(options)
        yield store
        store.close()

    @pytest.fixture
    def second(self, store, options):
        second = PostgresStore(options)
        yield second
        second.close()

    @pytest.fixture
    def reopen(self, store, options):
        opened = []

        def close_and_open():
            store.close()
            opened.append(PostgresStore(options))
            return opened[-1]

        yield close_and_open
        for again in opened:
            again.close()
