from __future__ import annotations

import pytest

from sampan_dashboard.search import hit

POD = {
    "kind": "Pod",
    "metadata": {"name": "web-1", "labels": {"tier": "front"}},
    "spec": {"containers": [{"name": "m", "image": "registry/nginx:1.25"}]},
    "status": {
        "podIP": "10.1.2.3",
        "containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull", "message": "manifest unknown"}}}],
        "conditions": [{"type": "Ready", "status": "False", "message": "not yet"}],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ("WEB", "name"),
        ("tier=front", "label"),
        ("nginx:1.25", "image"),
        ("10.1.2", "IP"),
        ("manifest unknown", "error"),
        ("errimage", "error"),
        ("not yet", "condition"),
    ],
)
def test_an_object_is_found_by_what_people_remember(wanted, where):
    assert hit(POD, wanted).where == where


def test_a_whole_name_is_the_best_hit():
    assert hit(POD, "web-1").rank < hit(POD, "web").rank < hit(POD, "nginx").rank
    assert hit(POD, "postgres") is None


def test_other_kinds_are_found_too():
    deployment = {"kind": "Deployment", "metadata": {"name": "a"},
                  "spec": {"template": {"spec": {"containers": [{"image": "redis"}]}}}}  # fmt: skip
    cron = {"kind": "CronJob", "metadata": {"name": "a"}, "spec": {"jobTemplate": {"spec": {"template": {
        "spec": {"containers": [{"image": "redis"}]}}}}}}  # fmt: skip
    service = {"kind": "Service", "metadata": {"name": "a"}, "spec": {"clusterIPs": ["10.96.0.9"]}}
    ingress = {"kind": "Ingress", "metadata": {"name": "a"}, "spec": {"rules": [{"host": "shop.example"}]}}
    node = {"kind": "Node", "metadata": {"name": "a"}, "status": {"addresses": [{"address": "192.168.1.9"}]}}
    event = {"kind": "Event", "metadata": {"name": "a"}, "reason": "BackOff", "message": "restarting"}

    assert hit(deployment, "redis") and hit(cron, "redis")
    assert hit(service, "10.96.0.9").where == "IP"
    assert hit(ingress, "shop.example").where == "host"
    assert hit(node, "192.168").where == "address"
    assert hit(event, "backoff").where == "event"


def test_odd_objects_are_searched_without_harm():
    odd = {"kind": "Gizmo", "metadata": {"name": "a"}, "spec": {"containers": "text", "rules": {"x": 1}},
           "status": "fine"}  # fmt: skip

    assert hit(odd, "zzz") is None
