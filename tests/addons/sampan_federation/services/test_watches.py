from __future__ import annotations

from sampan.contracts.access import User
from sampan_client import Client
from sampan_federation.services.watches import SliceWatches
from sampan_machinery.resources import ENDPOINT_SLICES
from sampan_testing.cluster import until
from sampan_testing.miniapi import MiniApi

WEB = ("shop", "web")


def test_slices_are_watched_for_each_exporting_cluster_and_no_longer():
    api, told = MiniApi([ENDPOINT_SLICES]), []
    api.create(ENDPOINT_SLICES, {"metadata": {"name": "web-x", "namespace": "shop"}})
    client = Client.in_process(api, User("x"))
    watches = SliceWatches(lambda cluster: client, told.append)
    try:
        until(lambda: watches.slices("east", *WEB), 30)
        until(lambda: told, 60)  # once it is among the slices
        assert set(told) == {WEB}

        watches.keep_only(WEB, set())

        assert watches._informers == {}
    finally:
        watches.close()


def test_a_client_that_has_been_replaced_is_watched_again():
    clients = [Client.in_process(MiniApi([ENDPOINT_SLICES]), User("x")) for _ in range(2)]
    used = [clients[0]]
    watches = SliceWatches(lambda cluster: used[0], lambda service: None)
    try:
        until(lambda: watches.slices("east", *WEB) == [], 30)
        used[0] = clients[1]
        until(lambda: watches.slices("east", *WEB) == [], 30)
        assert [each[0] for each in watches._informers.values()] == [clients[1]]
    finally:
        watches.close()
