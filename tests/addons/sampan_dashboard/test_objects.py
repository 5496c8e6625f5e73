from __future__ import annotations

import re

import pytest

from sampan_machinery.resources import CONFIG_MAPS, PODS, SECRETS

SCRIPT = "<script>alert(1)</script>"


def visible(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_deployment_says_how_it_is_and_what_belongs_to_it(admin, cluster, shop):
    words = ("Deployment web in shop: 2 of 2 ready", "MinimumReplicasAvailable", "nginx:1.25", "ScalingReplicaSet")

    def shown():
        html = admin.text("/o/deployments.apps/shop/web")
        return html if all(each in visible(html) for each in words) else None

    html = cluster.until(shown)  # an Event comes in its own time
    assert re.search(r'href="/o/replicasets.apps/shop/web-\w+"', html)


def test_the_way_of_traffic_is_shown_from_the_ingress_to_the_pod(admin, cluster, shop):
    cluster.until(lambda: "/o/pods/shop/web-" in admin.text("/o/services/shop/web"), 60)
    text = visible(admin.text("/o/services/shop/web").partition("Traffic")[2])

    assert re.search(r"Ingress front shop\.example/ .* Service web .* Pod web-", text)
    assert "front" in admin.text("/o/deployments.apps/shop/web").partition("Traffic")[2]


def test_owners_are_linked(admin, cluster, shop):
    pod = cluster.client.list(PODS, shop, labels="app=web").items[0]["metadata"]["name"]

    assert "/o/replicasets.apps/shop/web-" in admin.text(f"/o/pods/shop/{pod}").partition("Owners")[2]


def test_a_node_shows_its_pods(admin, shop):
    html = admin.text("/o/nodes/-/node-1") + admin.text("/o/nodes/-/node-2")

    assert "Pods on this node" in html and "/o/pods/shop/web-" in html


def test_values_of_a_secret_are_shown_only_when_asked_for(admin, cluster, shop):
    cluster.client.create(SECRETS, {"metadata": {"name": "key"}, "stringData": {"password": "hunter2"}}, shop)

    pages = [admin.text(f"/o/secrets/shop/key{tab}") for tab in ("", "/yaml", "/events")]

    assert not any("aHVudGVyMg" in page or "hunter2" in page for page in pages)
    assert "aHVudGVyMg" in admin.text("/o/secrets/shop/key/yaml?values=1")


@pytest.mark.parametrize("tab", ["", "/yaml", "/events", "/edit"])
def test_a_hostile_object_stays_text(admin, cluster, shop, tab):
    name = f"hostile{tab.replace('/', '-')}"
    metadata = {"name": name, "annotations": {"note": SCRIPT}, "labels": {"app": "x"}}
    data = {"k": f'"><img src=x onerror={SCRIPT}>'}
    cluster.client.create(CONFIG_MAPS, {"metadata": metadata, "data": data}, shop)

    html = admin.text(f"/o/configmaps/shop/{name}{tab}")

    assert SCRIPT not in html and "<img" not in html


def test_a_reader_is_offered_nothing_and_told_which_rule_lacks(reader, cluster, shop):
    html = reader.text("/o/deployments.apps/shop/web")

    assert "/do/" not in html and "/edit" not in html
    assert "What you may not do here" in html
    assert "resources: [&#34;deployments/scale&#34;]" in html
    assert "/logs" in html


def test_an_administrator_is_offered_what_the_kind_has(admin, shop):
    found = set(re.findall(r"/do/(\w+)", admin.text("/o/deployments.apps/shop/web")))

    assert found == {"scale", "restart", "delete"}
    assert set(re.findall(r"/do/(\w+)", admin.text("/o/nodes/-/node-1"))) == {"cordon", "drain", "delete"}
