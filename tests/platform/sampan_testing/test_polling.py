"""Watches that are polled: nothing waits, nothing is missed."""

from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan_client.informers import Informer
from sampan_testing.cluster import start
from sampan_testing.polling import News, PolledHub, client_of

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")


@pytest.fixture
def place():
    with start(only=("config", "namespaces"), control=False) as cluster:
        news, hub = News(), PolledHub(lambda: 0.0)
        cluster.app.cache.after_batch.append(lambda: news.tell(cluster.app.cache.revision))
        news.tell(cluster.app.cache.revision)  # of what was there before; each settling would wait ten seconds for it
        yield cluster, news, hub, client_of(cluster.app.wsgi, User("a", ()), news, hub)


def settle(cluster, news, hub):
    news.catch_up(cluster.app.cache.revision)
    while hub.step():
        pass


def test_an_informer_sees_each_change_when_it_is_stepped_and_not_before(place):
    cluster, news, hub, client = place
    seen = []
    informer = Informer(client, CONFIG_MAPS, on_change=lambda old, new: seen.append((new or old)["metadata"]["name"]))
    informer.start()
    settle(cluster, news, hub)

    cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")
    before = list(seen)
    settle(cluster, news, hub)

    assert informer.synced
    assert (before, seen) == ([], ["a"])
    assert not hub.step()


def test_an_informer_that_is_held_stays_behind_until_it_is_let_go(place):
    cluster, news, hub, client = place
    informer = Informer(client, CONFIG_MAPS)
    informer.start()
    settle(cluster, news, hub)
    cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")
    news.catch_up(cluster.app.cache.revision)

    hub.step(lambda number: True)
    assert informer.get("a", "default") is None
    hub.step()
    assert informer.get("a", "default") is not None


def test_a_stopped_informer_takes_no_more_part(place):
    cluster, news, hub, client = place
    informer = Informer(client, CONFIG_MAPS)
    informer.start()
    settle(cluster, news, hub)
    informer.stop()
    cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")
    settle(cluster, news, hub)

    assert informer.get("a", "default") is None


def test_a_watch_of_the_client_waits_for_what_comes(place):
    cluster, _, _, client = place
    cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")

    stream = client.open_watch(CONFIG_MAPS, initial=True, since="")
    lines = stream.read(5)
    stream.close()

    assert b'"name":"a"' in lines[0]
    assert stream.ended


def test_a_refused_watch_has_the_status_and_the_body(place):
    _, _, _, client = place
    stream = client.open_watch(Resource("", "v1", "nothings", "Nothing"), since="")
    stream.read(0)

    assert stream.status == 404
    assert b"NotFound" in stream.body
