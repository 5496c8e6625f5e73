from __future__ import annotations

from sampan_loadbalancer.bootstrap import USER, objects


def test_the_component_may_only_read_but_for_events():
    role, binding = objects()

    assert binding["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}]
    assert binding["roleRef"]["name"] == role["metadata"]["name"] == "system:load-balancer"
    changing = {
        resource for rule in role["rules"] if not set(rule["verbs"]) <= {"get", "list", "watch"}
        for resource in rule["resources"]
    }  # fmt: skip
    assert changing <= {"events"}
