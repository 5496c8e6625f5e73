from __future__ import annotations

from contexts import one
from fleets import fleet_of

from sampan_federation.failover.tainting import Tainting
from sampan_federation.resources import CLUSTER_TAINT_POLICIES, CLUSTERS
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


def test_a_taint_policy_taints_by_condition_and_its_taint_stays_without_it():
    failing = {
        "type": "DNS",
        "status": "False",
        "reason": "x",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    on = [{"conditionType": "DNS", "operator": "In", "statusValues": ["False"]}]
    with one(Tainting) as host:
        status = {"conditions": [{**failing, "type": "Ready", "status": "True"}, failing]}
        host.api.create(CLUSTERS, {"metadata": {"name": "east"}, "spec": {}, "status": status})
        spec = {"taints": [{"key": "broken", "effect": "NoSchedule"}], "addOnConditions": on}
        host.api.create(CLUSTER_TAINT_POLICIES, {"metadata": {"name": "dns"}, "spec": spec})
        host.synced()
        assert set(host.keys) == {"east"}

        host.handle("east")

        [taint] = host.api.get(CLUSTERS, "east")["spec"]["taints"]
        assert (taint["key"], taint["effect"]) == ("broken", "NoSchedule")
        host.api.remove(CLUSTER_TAINT_POLICIES, "dns")
        host.handle("east")
        assert host.api.get(CLUSTERS, "east")["spec"]["taints"] == [taint]
