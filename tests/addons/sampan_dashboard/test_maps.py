from __future__ import annotations

import re

from sampan_dashboard.maps import of_app


def test_the_map_shows_objects_edges_and_health(admin, cluster, shop):
    html = admin.text("/map?namespace=shop")

    assert {"/o/ingresses.networking.k8s.io/shop/front", "/o/services/shop/web", "/o/deployments.apps/shop/web"} <= set(
        re.findall(r'<a href="([^"]+)"', html)
    )
    assert 'class="edge owns"' in html and 'class="edge sends"' in html
    assert 'class="node good"' in html


def test_one_application_can_be_chosen(admin, shop):
    assert "/o/deployments.apps/shop/web" in admin.text("/map?namespace=shop&app=web")
    assert "/o/deployments.apps/shop/web" not in admin.text("/map?namespace=shop&app=none").partition("<svg")[2]


def test_an_application_is_named_by_its_labels():
    objects = [{"metadata": {"name": "a", "labels": {"app": "x"}}}, {"metadata": {"name": "b"}}]

    assert of_app(objects, "x") == objects[:1]


def test_an_empty_namespace_has_an_empty_map(admin):
    assert "Nothing is here." in admin.text("/map?namespace=kube-node-lease")
