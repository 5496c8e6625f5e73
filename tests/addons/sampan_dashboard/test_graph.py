from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sampan_dashboard import graph

#: A slow machine is no failure.
CHANCE = settings(deadline=None, max_examples=50, database=None, suppress_health_check=[HealthCheck.too_slow])


def obj(kind, name, *, owner=None, labels=None, **more):
    metadata = {"name": name, "namespace": "shop", "labels": labels or {}}
    if owner:
        metadata["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "uid": "u", "controller": True}]
    return {"kind": kind, "metadata": metadata, **more}


WEB = {"app": "web"}
OBJECTS = [
    obj("Ingress", "front", spec={"rules": [{"http": {"paths": [{"backend": {"service": {"name": "web"}}}]}}]}),
    obj("Service", "web", spec={"selector": WEB}),
    obj("Service", "empty", spec={}),
    obj("Deployment", "web", labels=WEB),
    obj("ReplicaSet", "web-2", owner=("Deployment", "web"), spec={"replicas": 1}),
    obj("ReplicaSet", "web-1", owner=("Deployment", "web"), spec={"replicas": 0}),
    obj("Pod", "web-2-a", owner=("ReplicaSet", "web-2"), labels=WEB, spec={
        "volumes": [{"configMap": {"name": "conf"}}, {"persistentVolumeClaim": {"claimName": "data"}}],
        "containers": [{"envFrom": [{"secretRef": {"name": "key"}}]}],
    }),
    obj("Pod", "alone", labels={"app": "other"}),
    obj("ConfigMap", "conf"),
    obj("ConfigMap", "unused"),
    obj("Secret", "key"),
    obj("PersistentVolumeClaim", "data"),
    obj("Gizmo", "what"),
]  # fmt: skip


def edges(found):
    return {(edge.start, edge.end): edge.sort for edge in found.edges}


def test_ownership_traffic_and_use_are_edges():
    assert edges(graph.graph(OBJECTS)) == {
        ("Ingress/front", "Service/web"): "sends",
        ("Service/web", "Pod/web-2-a"): "sends",
        ("Deployment/web", "ReplicaSet/web-2"): "owns",
        ("ReplicaSet/web-2", "Pod/web-2-a"): "owns",
        ("Pod/web-2-a", "ConfigMap/conf"): "uses",
        ("Pod/web-2-a", "Secret/key"): "uses",
        ("Pod/web-2-a", "PersistentVolumeClaim/data"): "uses",
    }


def test_what_is_old_or_unused_or_unknown_is_left_out():
    found = graph.graph(OBJECTS).nodes

    assert {"ReplicaSet/web-1", "ConfigMap/unused", "Gizmo/what"}.isdisjoint(found)
    assert {"Pod/alone", "Service/empty", "ConfigMap/conf"} <= set(found)


def test_an_application_is_what_hangs_together_with_it():
    found = graph.around(graph.graph(OBJECTS), ["Deployment/web", "Deployment/none"])

    assert "Ingress/front" in found.nodes
    assert {"Pod/alone", "Service/empty"}.isdisjoint(found.nodes)


def test_what_two_applications_share_does_not_join_them():
    shared = {"volumes": [{"configMap": {"name": "ca"}}]}
    objects = [obj("Pod", "a", spec=shared), obj("Pod", "b", spec=shared), obj("ConfigMap", "ca")]

    assert set(graph.around(graph.graph(objects), ["Pod/a"]).nodes) == {"Pod/a", "ConfigMap/ca"}


def test_the_applications_are_those_that_labels_name():
    labels = {"app.kubernetes.io/name": "shop", "app": "web"}

    assert graph.apps([obj("Pod", "a", labels=labels), obj("Pod", "b")]) == ["shop", "web"]


def test_boxes_do_not_overlap_and_edges_begin_and_end_at_them():
    drawn = graph.drawn(graph.graph(OBJECTS))
    corners = {(each.x, each.y) for each in drawn.placed}

    assert len(corners) == len(drawn.placed)
    assert all(each.x + graph.WIDTH <= drawn.width and each.y + graph.HEIGHT <= drawn.height for each in drawn.placed)
    assert all(path.startswith("M") for path, _ in drawn.lines)


def test_traffic_goes_past_workloads_above_them_and_what_is_alone_stands_last():
    rows = {}
    for each in graph.drawn(graph.graph([obj("CronJob", "alone"), *OBJECTS])).placed:
        rows.setdefault(each.node.kind, []).append((each.y, each.node.name))

    first = min(rows["Service"])[0]
    assert min(rows["Deployment"])[0] > first and min(rows["ReplicaSet"])[0] > first
    assert min(rows["CronJob"])[0] > max(rows["Deployment"])[0]
    assert min(rows["Pod"])[0] == first
    alone = graph.drawn(graph.graph([obj("Deployment", "web"), obj("Pod", "a")]))
    assert {each.y for each in alone.placed} == {graph.MARGIN}, "without traffic no row is left free"


@CHANCE
@given(st.lists(st.sampled_from(OBJECTS), max_size=20))
def test_any_objects_can_be_drawn(objects):
    drawn = graph.drawn(graph.graph(objects))

    assert drawn.width > 0 and drawn.height > 0


def test_a_large_map_is_cut():
    drawn = graph.drawn(graph.graph([obj("Pod", f"p{number}") for number in range(graph.MOST + 1)]))

    assert drawn.cut
    assert len(drawn.placed) == graph.MOST
