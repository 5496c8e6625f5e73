from __future__ import annotations

import pytest

from sampan_dashboard import drains


def pod(name="a", *, owner="ReplicaSet", annotations=None, phase="Running", volumes=()):
    references = [{"kind": owner, "name": "x", "uid": "u", "controller": True}] if owner else []
    metadata = {"name": name, "namespace": "shop", "ownerReferences": references, "annotations": annotations or {}}
    return {"metadata": metadata, "spec": {"volumes": list(volumes)}, "status": {"phase": phase}}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (pod(), ""),
        (pod(owner="DaemonSet"), "DaemonSet"),
        (pod(owner=""), "no controller"),
        (pod(owner="", phase="Succeeded"), ""),
        (pod(annotations={drains.MIRROR: "1"}), "static pod"),
        (pod(volumes=[{"name": "v", "emptyDir": {}}]), "emptyDir"),
    ],
)
def test_a_pod_stays_for_a_reason(found, why):
    reason = drains.reason(found)

    assert why in reason
    assert bool(reason) == bool(why)


def test_a_plan_names_every_pod_once():
    evict, left = drains.plan([pod("a"), pod("b", owner="DaemonSet")])

    assert evict == [("shop", "a")]
    assert [(each.namespace, each.name) for each in left] == [("shop", "b")]
