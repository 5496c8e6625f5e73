from __future__ import annotations

import html as entities
import re

from sampan_dashboard.live import Pulled
from sampan_machinery.resources import CONFIG_MAPS

HOSTILE = '"><script>alert(1)</script>'


def live_of(html):
    return entities.unescape(re.search(r'data-live="([^"]+)"', html)[1])


def test_rows_come_change_and_go_on_an_open_page(site, cluster, shop, events):
    browser = site.sign_in()
    path = live_of(browser.text("/l/configmaps?namespace=shop&labels=live=yes"))
    metadata = {"name": "lively", "labels": {"live": "yes"}}

    with events(path, browser) as stream:
        assert stream.answer.headers["content-type"] == "text/event-stream"
        assert "script-src 'self'" in stream.answer.headers["content-security-policy"]
        made = cluster.client.create(CONFIG_MAPS, {"metadata": metadata}, shop)
        came = stream.next()
        cluster.client.patch(CONFIG_MAPS, "lively", {"data": {"a": "1"}}, shop)
        changed = stream.next()
        cluster.client.delete(CONFIG_MAPS, "lively", shop)
        went = stream.next()

    uid = made["metadata"]["uid"]
    assert [each[0] for each in (came, changed, went)] == ["row"] * 3
    assert [(each[1]["uid"], each[1]["new"], each[1]["gone"]) for each in (came, changed, went)] == [
        (uid, True, False), (uid, False, False), (uid, False, True),
    ]  # fmt: skip
    assert '<a href="/o/configmaps/shop/lively">lively</a>' in came[1]["html"]
    assert ">1</td>" in changed[1]["html"]
    cluster.until(lambda: browser.session.account.feeds.count() == 0, 30)


def test_what_was_changed_between_the_page_and_its_stream_is_not_missed(site, cluster, shop, events):
    browser = site.sign_in()
    path = live_of(browser.text("/l/configmaps?namespace=shop"))
    cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "between"}}, shop)

    with events(path, browser) as stream:
        assert "between" in stream.next()[1]["html"]
    cluster.client.delete(CONFIG_MAPS, "between", shop)


def test_two_pages_of_a_user_share_a_watch_and_two_users_do_not(site, cluster, shop, events):
    one, other = site.sign_in(), site.sign_in()
    path = live_of(one.text("/l/configmaps?namespace=shop"))

    with events(path, one) as first, events(path, one) as second, events(path, other) as third:
        assert one.session.account.feeds.count() == other.session.account.feeds.count() == 1
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "shared"}}, shop)
        assert ["shared" in stream.next()[1]["html"] for stream in (first, second, third)] == [True] * 3
    cluster.client.delete(CONFIG_MAPS, "shared", shop)


def test_a_page_that_is_too_old_is_told_to_load_again(site, shop, events):
    browser = site.sign_in()
    path = "/live/l/configmaps?namespace=shop&since="

    with (
        events(path + re.search(r"since=(\d+)", live_of(browser.text("/l/configmaps")))[1], browser),
        events(path + "1", browser) as stream,
    ):
        assert stream.next() == ("reload", {})


def test_a_user_without_the_right_gets_no_stream(reader, served, events):
    with events("/live/l/secrets?namespace=shop", reader) as stream:
        assert stream.answer.status == 403
        assert stream.answer.read()


def test_an_iterator_serves_the_same_under_any_other_server():
    sent, left = [], []

    def begin(send):
        send(b"data: 1\n\n")
        sent.append(send)
        return lambda: left.append(True)

    stream = Pulled(begin)
    pieces = iter(stream)

    assert [next(pieces), next(pieces)] == [b"retry: 2000\n\n", b"data: 1\n\n"]
    for _ in range(1100):
        sent[0](b"x")
    stream.close()
    assert left == [True]
