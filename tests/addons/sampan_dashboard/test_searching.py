from __future__ import annotations

from sampan_dashboard import searching


def test_a_search_finds_objects_and_kinds(admin, shop):
    html = admin.text("/search?q=nginx:1.25")

    assert "/o/deployments.apps/shop/web" in html and "/o/pods/shop/web-" in html
    assert "/o/ingresses.networking.k8s.io/shop/front" in admin.text("/search?q=shop.example")
    assert 'href="/l/deployments.apps"' in admin.text("/search?q=depl").partition("<main")[2]


def test_a_search_finds_only_what_the_user_may_list(reader, cluster, shop):
    html = reader.text("/search?q=node-1")

    assert "/o/nodes/-/node-1" not in html


def test_a_text_of_one_character_is_too_short(admin):
    assert "At least two characters." in admin.text("/search?q=a")
    assert admin.get("/search").status_code == 200


def test_the_best_hits_come_first_and_there_are_not_too_many(site, shop, monkeypatch):
    monkeypatch.setattr(searching, "MOST_OF_KIND", 2)

    found = searching.search(site.sign_in().session.account, "web")

    assert found[0].hit.rank == 0
    assert [each.hit.rank for each in found] == sorted(each.hit.rank for each in found)
    assert sum(each.kind == "Pod" for each in found) <= 2
