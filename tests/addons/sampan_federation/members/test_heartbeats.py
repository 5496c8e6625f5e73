from __future__ import annotations

from sampan.contracts.access import User
from sampan_client import Client
from sampan_federation.members.heartbeats import Heartbeats, beat
from sampan_machinery.resources import LEASES
from sampan_testing.miniapi import MiniApi


def test_an_agent_is_timed_by_when_its_lease_was_seen_to_change():
    client = Client.in_process(MiniApi([LEASES]), User("federation"))
    heartbeats = Heartbeats(client)
    assert heartbeats.silence("nat", 100.0) == 0
    assert heartbeats.silence("nat", 130.0) == 30

    beat(client, "nat", 5.25, 10.0)  # by a clock of its own
    lease = client.get(LEASES, "nat", "karmada-es-nat")
    assert lease["spec"]["renewTime"] == "1970-01-01T00:00:05.250000Z"
    assert lease["spec"]["leaseDurationSeconds"] == 40
    assert heartbeats.silence("nat", 140.0) == 0
    assert heartbeats.silence("nat", 145.0) == 5

    beat(client, "nat", 15.0, 10.0)
    assert heartbeats.silence("nat", 150.0) == 0

    heartbeats.forget("nat")
    assert heartbeats.silence("nat", 200.0) == 0  # as a host that has started again
