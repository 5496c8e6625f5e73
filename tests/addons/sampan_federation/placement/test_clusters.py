from __future__ import annotations

from sampan_federation.placement.clusters import candidate_of


def test_a_cluster_object_is_read():
    found = candidate_of(
        {
            "metadata": {"name": "east", "labels": {"a": "b"}},
            "spec": {"region": "us", "zone": "us-1", "taints": [{"key": "a", "effect": "NoSchedule"}]},
            "status": {
                "apiEnablements": [
                    {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}
                ],
                "conditions": [{"type": "CompleteAPIEnablements", "status": "True"}],
            },
        }
    )

    assert found.groups("zone") == ("us-1",) and found.groups("region") == ("us",) and found.groups("provider") == ()
    assert found.kinds == {("apps/v1", "Deployment")} and found.kinds_complete


def test_several_zones_win_over_the_single_one():
    assert candidate_of({"metadata": {"name": "e"}, "spec": {"zone": "a", "zones": ["b", "c"]}}).zones == ("b", "c")
