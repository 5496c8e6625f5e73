from __future__ import annotations

from sampan_dashboard.addons import is_remote
from sampan_machinery.resources import CONFIG_MAPS


def test_an_add_on_is_known_by_the_label_of_what_it_ships(admin, cluster, shop):
    cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "m", "labels": {"sampan.dev/addon": "metrics"}}}, shop)

    html = admin.text("/addons")

    assert "<summary>metrics" in html and "/o/configmaps/shop/m" in html


def test_a_user_who_may_see_nothing_is_told_so(site):
    assert "None that you may see." in site.sign_in("another").text("/addons")


def test_an_api_service_of_the_server_itself_is_no_extension():
    assert is_remote({"spec": {"service": {"name": "x"}}})
    assert not is_remote({"spec": {}})
