from __future__ import annotations

import pytest

from sampan_etcd.options import read_url
from sampan_etcd.store import EtcdStore
from sampan_testing.store import DistantStoreContract


@pytest.fixture
def options(etcd, request):
    return read_url(f"etcd://{etcd.address}?prefix=/{request.node.name.replace('/', '-')}")


class TestEtcdStore(DistantStoreContract):
    @pytest.fixture
    def store(self, options):
        store = EtcdStore(options)
        yield store
        store.close()

    @pytest.fixture
    def second(self, store, options):
        second = EtcdStore(options)
        yield second
        second.close()

    @pytest.fixture
    def reopen(self, store, options):
        opened = []

        def close_and_open():
            store.close()
            opened.append(EtcdStore(options))
            return opened[-1]

        yield close_and_open
        for again in opened:
            again.close()
