from __future__ import annotations

from sampan_podnetwork.bootstrap import USER, objects


def test_the_component_reads_nodes_and_nothing_else():
    role, binding = objects()

    assert [(rule["resources"], sorted(rule["verbs"])) for rule in role["rules"]] == [
        (["nodes"], ["get", "list", "watch"])
    ]
    assert binding["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}]
