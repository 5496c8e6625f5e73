from __future__ import annotations

from sampan_federation.failover.taints import taints_for
from sampan_machinery.metadata import now_text

NOW = 1_800_000_000.0
OTHERS = {"key": "maintenance", "effect": "NoSchedule"}


def cluster(ready: str | None, *taints):
    conditions = [] if ready is None else [{"type": "Ready", "status": ready}]
    return {"spec": {"taints": list(taints)}, "status": {"conditions": conditions}}


def wanted(found, now=NOW, failover=True):
    return taints_for(found, now, failover=failover, eviction_seconds=300)


def taint(key: str, effect: str, at: float = NOW):
    return {"key": f"cluster.karmada.io/{key}", "effect": effect, "timeAdded": now_text(at)}


def test_a_ready_cluster_has_the_taints_of_others_only():
    assert wanted(cluster("True", OTHERS, taint("not-ready", "NoExecute"))).taints == [OTHERS]
    assert wanted(cluster(None, OTHERS)).taints == [OTHERS]


def test_a_lost_one_is_tainted_at_once_and_evicted_from_later():
    first = wanted(cluster("Unknown", OTHERS))
    assert first == ([OTHERS, taint("unreachable", "NoSchedule")], 300.0)

    later = wanted(cluster("Unknown", *first.taints), NOW + 300)
    assert later == ([*first.taints, taint("unreachable", "NoExecute", NOW + 300)], None)
    assert wanted(cluster("Unknown", *later.taints), NOW + 999).taints == later.taints


def test_how_it_is_not_ready_does_not_matter_to_when():
    assert wanted(cluster("False", taint("unreachable", "NoSchedule", NOW - 200))).again == 100.0


def test_without_failover_nothing_is_evicted():
    assert wanted(cluster("False", taint("not-ready", "NoSchedule", NOW - 999)), failover=False) == (
        [taint("not-ready", "NoSchedule", NOW - 999)],
        None,
    )
