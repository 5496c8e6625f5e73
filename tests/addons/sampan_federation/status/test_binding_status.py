from __future__ import annotations

from sampan_federation.status.binding_status import aggregated, is_fully_applied
from sampan_machinery.metadata import condition_is

NOW = "2026-01-01T00:00:00Z"


def binding(*clusters, status=None):
    return {
        "metadata": {"name": "b", "namespace": "d"},
        "spec": {"clusters": [{"name": c} for c in clusters]},
        "status": status or {},
    }


def work(cluster, applied="True", message="", **manifest_status):
    condition = {"type": "Applied", "status": applied, "message": message}
    status = {"conditions": [condition], "manifestStatuses": [manifest_status] if manifest_status else []}
    return {"metadata": {"name": "w", "namespace": f"karmada-es-{cluster}"}, "status": status}


def test_items_are_sorted_by_cluster_and_have_status_and_health():
    status = aggregated(binding("a", "b"), [work("b", health="Healthy", status={"x": 1}), work("a")], NOW)

    assert status["aggregatedStatus"] == [
        {"clusterName": "a", "applied": True, "health": "Unknown"},
        {"clusterName": "b", "applied": True, "health": "Healthy", "status": {"x": 1}},
    ]
    assert condition_is(status, "FullyApplied")


def test_what_is_not_applied_says_why():
    status = aggregated(binding("a"), [work("a", "False", "no room", health="Healthy")], NOW)

    assert status["aggregatedStatus"] == [{"clusterName": "a", "appliedMessage": "no room", "health": "Unknown"}]
    assert condition_is(status, "FullyApplied", "False")


def test_a_status_that_stays_is_not_written_and_other_conditions_stay():
    first = aggregated(binding("a", status={"conditions": [{"type": "Scheduled", "status": "True"}]}), [work("a")], NOW)

    assert aggregated(binding("a", status=first), [work("a")], "2027-01-01T00:00:00Z") is None
    assert condition_is(first, "Scheduled")


def test_works_that_are_being_deleted_do_not_count():
    dying = work("a")
    dying["metadata"]["deletionTimestamp"] = NOW

    assert "aggregatedStatus" not in aggregated(binding("a"), [dying], NOW)


def test_fully_applied_means_every_cluster_and_only_those():
    def item(cluster, applied=True):
        return {"clusterName": cluster, "applied": applied}

    assert is_fully_applied({"a"}, [item("a")])
    assert not is_fully_applied(set(), [])
    assert not is_fully_applied({"a", "b"}, [item("a")])
    assert not is_fully_applied({"a"}, [item("a"), item("b")])
    assert not is_fully_applied({"a"}, [item("a", applied=False)])
