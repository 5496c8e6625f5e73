from __future__ import annotations

import pytest

from sampan.errors import InternalError
from sampan_dashboard import reasons
from sampan_dashboard.contributions import Contributions
from sampan_machinery.resources import DEPLOYMENTS, PODS, SERVICES


@pytest.fixture(scope="module")
def waiting(cluster, shop):
    """A pod that fits on no node."""
    container = {"name": "main", "image": "nginx", "resources": {"requests": {"cpu": "900"}}}
    cluster.client.create(PODS, {"metadata": {"name": "large"}, "spec": {"containers": [container]}}, shop)
    cluster.until(lambda: cluster.client.get(PODS, "large", shop).get("status", {}).get("conditions"), 60)
    yield f"/o/pods/{shop}/large"
    cluster.client.delete(PODS, "large", shop)


def test_a_pod_that_waits_says_why_on_its_page(admin, waiting):
    panel = admin.text(waiting).split('class="why"')[1].split("</section>")[0]

    assert "cpu" in panel and 'class="command">kubectl ' in panel


def test_the_causes_are_told_in_order_with_commands(admin, waiting):
    html = admin.text(f"{waiting}/why")

    assert '<ol class="causes">' in html and 'class="command">kubectl ' in html
    assert 'aria-current="page">Why' in html


def test_what_is_well_has_a_page_and_no_panel(admin, shop):
    assert 'class="why"' not in admin.text(f"/o/services/{shop}/web")
    assert "othing wrong was found" in admin.text(f"/o/services/{shop}/web/why")


def test_a_service_without_endpoints_is_explained(admin, make, shop):
    spec = {"selector": {"app": "wbe"}, "ports": [{"port": 80}]}
    make(SERVICES, {"metadata": {"name": "lost"}, "spec": spec}, shop)

    assert "app=wbe" in admin.text(f"/o/services/{shop}/lost/why")


def test_what_may_not_be_read_is_named(reader, cluster, shop, waiting):
    assert "you may not read them" in reader.text(f"{waiting}/why")


def test_a_hostile_name_stays_text(admin, make, shop):
    spec = {"selector": {"matchLabels": {"a": "hostile"}}, "template": {
        "metadata": {"labels": {"a": "hostile"}, "annotations": {"a": "<img src=x>"}},
        "spec": {"containers": [{"name": "main", "image": "nginx:<script>"}]},
    }}  # fmt: skip
    make(DEPLOYMENTS, {"metadata": {"name": "hostile"}, "spec": spec}, shop)

    html = admin.text(f"/o/deployments.apps/{shop}/hostile/why")

    assert "<img" not in html and "<script>" not in html


def test_a_panel_that_fails_costs_itself_alone(monkeypatch):
    def fail(*given):
        raise InternalError("no")

    monkeypatch.setattr(reasons, "explained", fail)
    failed = {"kind": "Pod", "metadata": {}, "status": {"phase": "Failed"}}

    assert reasons.panel(None, failed, Contributions()) is None
    assert reasons.panel(None, {"kind": "Pod", "metadata": {}, "status": {"phase": "Succeeded"}}, None) is None
