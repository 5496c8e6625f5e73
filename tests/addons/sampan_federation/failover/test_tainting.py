from __future__ import annotations

from fleets import fleet_of

from sampan_federation.resources import CLUSTERS
from sampan_federation.settings import Settings


def test_without_failover_a_lost_member_is_tainted_and_never_evicted_from():
    with fleet_of({"east": ("r1", "z1")}, settings=Settings(failover=False, failure_seconds=30)) as fleet:
        fleet.client.patch(CLUSTERS, "east", {"spec": {"taints": [{"key": "own", "effect": "NoSchedule"}]}})
        fleet.settle()
        fleet.cut("east")
        fleet.advance(1000, step=50)

        taints = fleet.client.get(CLUSTERS, "east")["spec"]["taints"]
        assert [(taint["key"], taint["effect"]) for taint in taints] == [
            ("own", "NoSchedule"),
            ("cluster.karmada.io/unreachable", "NoSchedule"),
        ]
