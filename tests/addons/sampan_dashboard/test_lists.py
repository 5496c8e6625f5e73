from __future__ import annotations

import re
from types import SimpleNamespace

from sampan_dashboard import arranging
from sampan_dashboard.arranging import Arranged, position
from sampan_dashboard.lists import Asked, orders, windowed
from sampan_dashboard.tables import Column, Row
from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES, PODS


def names(html):
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', html)


def asked(**given):
    return Asked.of(SimpleNamespace(get_param=given.get))


def test_the_columns_are_those_of_the_server(admin, shop):
    html = admin.text("/l/deployments.apps?namespace=shop")

    assert names(html) == ["web"]
    assert [word in html for word in (">Ready<", ">Up-to-date<", ">Available<", "2/2")] == [True] * 4
    assert "Containers" not in html.partition("<thead>")[2].partition("</thead>")[0]
    assert "Containers" in admin.text("/l/deployments.apps?namespace=shop&wide=1").partition("<thead>")[2]


def test_every_kind_of_the_server_has_a_list(admin):
    for path in sorted(set(re.findall(r'href="(/l/[^"]+)"', admin.text("/")))):
        admin.text(path)


def test_long_lists_come_in_pages(admin, cluster):
    cluster.client.create(NAMESPACES, {"metadata": {"name": "many"}})
    for number in range(130):
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": f"c{number:03}"}}, "many")
    where = "/l/configmaps?namespace=many&labels=!none"

    first = admin.text(where)
    (more,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = admin.text(more.replace("&amp;", "&"))

    assert len(names(first)) == 100
    assert len(set(names(first) + names(second))) == 131  # and the cluster's certificates
    assert 'rel="next"' not in second
    ordered = admin.text(f"{where}&sort=-Name&q=c&page=1")
    assert names(ordered)[:1] == ["c030"]
    assert 'rel="prev"' in ordered


def test_rows_are_chosen_by_labels_and_words(admin, shop):
    assert len(names(admin.text("/l/pods?namespace=shop&labels=app=web"))) == 2
    assert names(admin.text("/l/pods?namespace=shop&labels=app=none")) == []
    assert len(names(admin.text("/l/pods?q=shop+web+running&sort=Age"))) == 2
    assert names(admin.text("/l/pods?q=nothing-like-it")) == []


def test_a_wrong_selector_is_a_clear_error(admin):
    answer = admin.get("/l/pods?labels=a%3D%3D%3Db")

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_what_may_not_be_listed_names_the_missing_rule(reader):
    answer = reader.get("/l/secrets?namespace=shop")

    assert answer.status_code == 403
    assert "cannot list resource" in answer.text
    assert "resources: [&#34;secrets&#34;]" in answer.text


def test_odd_parameters_are_the_defaults():
    found = asked(size="7", page="many", sort="-Age")

    assert (found.size, found.page, found.is_whole) == (100, 0, True)
    assert asked(page="9" * 30).page == 0


def test_a_header_orders_up_and_then_down():
    columns = [Column("Age", 1, "")]

    assert orders(columns, asked(sort="Age"), PODS)["Age"] == ("/l/pods?sort=-Age", "ascending")
    assert orders(columns, asked(), PODS)["Name"] == ("/l/pods?sort=Name", "none")
    assert [position(columns, name) for name in ("Age", "Name", "Namespace", "x")] == [0, -1, -2, -1]


def listed(total, **given):
    rows = [Row(str(number), f"p{number}", "", ()) for number in range(min(total, 6000))]
    return windowed(Arranged([], rows, "5", total, False), PODS, asked(sort="Name", **given))


def test_an_ordered_list_has_pages_up_to_a_depth():
    last = listed(9000, page="49")

    assert (listed(9000).total, listed(9000).more, listed(9000).is_deep) == (9000, "/l/pods?sort=Name&page=1", False)
    assert [row.name for row in last.rows][::99] == ["p4900", "p4999"]
    assert (last.more, last.is_deep) == ("", True)
    assert listed(9000, page="4900").rows == last.rows
    assert (listed(150, page="1").more, listed(150, page="1").is_deep) == ("", False)


def test_the_next_page_of_an_ordered_list_is_not_read_again(admin, cluster, monkeypatch):
    monkeypatch.setattr(arranging, "KNOWN_FOR", 1e9)
    cluster.client.create(NAMESPACES, {"metadata": {"name": "once"}})
    for number in range(102):
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": f"c{number:03}"}}, "once")
    where = "/l/configmaps?namespace=once&sort=Name&q=c"
    first = names(admin.text(where))
    cluster.client.delete(CONFIG_MAPS, "c000", "once")

    part = admin.get(f"{where}&page=1&part=1").json

    assert first[0] == "c000" and names(part["html"])[:2] == ["c100", "c101"]
    assert part["more"] == ""


def test_a_part_has_rows_and_the_address_of_the_next(admin, cluster, shop):
    part = admin.get("/l/pods?part=1").json

    assert "web-" in part["html"] and "<html" not in part["html"]


def test_a_user_is_not_shown_what_another_has_arranged(admin, site):
    assert admin.get("/l/secrets?sort=Name").status_code == 200
    assert site.sign_in("stranger").get("/l/secrets?sort=Name").status_code == 403
