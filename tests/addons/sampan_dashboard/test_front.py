from __future__ import annotations

from sampan_dashboard import front
from sampan_machinery.resources import EVENTS, PODS


def test_the_first_page_shows_what_needs_attention_before_all_else(admin, cluster, shop):
    pod = {
        "metadata": {"name": "stuck"},
        "spec": {"nodeSelector": {"none": "such"}, "containers": [{"name": "m", "image": "a"}]},
    }
    cluster.client.create(PODS, pod, shop)
    about = {"kind": "Pod", "namespace": shop, "name": "stuck", "apiVersion": "v1"}
    warned = {
        "metadata": {"name": "warned"},
        "involvedObject": about,
        "type": "Warning",
        "reason": "Odd",
        "message": "look",
    }
    cluster.client.create(EVENTS, warned, shop)
    cluster.until(lambda: "Unschedulable" in admin.text("/"), 60)

    html = admin.text("/")

    assert html.index("/o/pods/shop/stuck") < html.index("node-1")
    assert "look" in html.partition("Recent warnings")[2]
    assert "node-2" in html
    cluster.client.delete(PODS, "stuck", shop, grace=0)


def test_a_user_who_may_see_nothing_gets_a_page(site):
    html = site.sign_in("no-rules").text("/")

    assert "All that you may see is well." in html
    assert "node-1" not in html


def test_users_do_not_see_what_another_has_loaded(site, admin, shop):
    admin.text("/")

    assert "/o/pods/shop/" not in site.sign_in("another").text("/")


def test_a_cluster_with_very_many_pods_is_counted_up_to_a_limit(site, shop, monkeypatch):
    monkeypatch.setattr(front, "MOST_PODS", 1)

    sums, cut = front.summed(site.sign_in().session.account, "")

    assert (sums.pods, cut) == (1, True)
