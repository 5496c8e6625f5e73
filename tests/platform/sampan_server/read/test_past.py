import pytest

from sampan.errors import Expired, NotFound
from sampan_machinery.resources import CONFIG_MAPS, PODS
from sampan_server.cache.cache import Cache
from sampan_server.read.past import Past
from sampan_testing.cluster import start


@pytest.fixture(scope="module")
def cluster():
    with start(only=["config", "namespaces"], control=False, options={"history": 3600.0}) as cluster:
        yield cluster


@pytest.fixture
def past(cluster):
    return Past(cluster.app.cache, cluster.app.registry)


def put(cluster, name, value):
    found = {"metadata": {"name": name}, "data": {"v": value}}
    try:
        old = cluster.client.get(CONFIG_MAPS, name, "default")
    except NotFound:
        return int(cluster.client.create(CONFIG_MAPS, found, "default")["metadata"]["resourceVersion"])
    return int(cluster.client.update(CONFIG_MAPS, {**old, "data": {"v": value}})["metadata"]["resourceVersion"])


def test_every_revision_of_an_object_is_known(cluster, past):
    written = [put(cluster, "a", value) for value in "123"]

    assert [each.revision for each in past.versions(CONFIG_MAPS, "a", "default")] == written[::-1]
    assert [each.revision for each in past.versions(CONFIG_MAPS, "a", "default", most=2)] == written[:0:-1]


def test_a_deleted_object_is_found_by_the_marks(cluster, past):
    written = put(cluster, "b", "1")
    cache = cluster.app.cache
    cache.marks.note(cache.marks.since() + 1000.0, written)  # as a second that passes
    cluster.client.delete(CONFIG_MAPS, "b", "default")
    found = past.versions(CONFIG_MAPS, "b", "default")

    assert [(each.deleted, each.revision) for each in found] == [(True, written + 1), (False, written)]


def test_a_deleted_object_is_found_after_a_restart_too(cluster):
    written = put(cluster, "r", "1")
    cluster.client.delete(CONFIG_MAPS, "r", "default")
    again = Cache(cluster.app.cache.store, history=3600.0)
    again.marks.load(again.store)
    found = Past(again, cluster.app.registry).versions(CONFIG_MAPS, "r", "default")

    assert [(each.deleted, each.revision) for each in found] == [(True, written + 1), (False, written)]


def test_what_never_was_has_no_revisions(past):
    assert past.versions(CONFIG_MAPS, "never", "default") == []


def test_a_kind_that_is_not_served(past):
    with pytest.raises(NotFound, match="the server keeps no pods"):
        past.versions(PODS, "a", "default")


def test_a_moment_before_the_first_mark_is_refused_with_the_time_since_when_there_is_history(cluster, past):
    since = past.since()

    assert past.revision_at(since + 0.5) > 0
    with pytest.raises(Expired, match=r"the history does not reach back to .*: it is kept since"):
        past.revision_at(since - 3600)
    assert past.time_of(10**9) == 0.0


def test_a_list_of_one_name_at_an_old_revision_reads_that_key_alone(cluster, past, monkeypatch):
    first = put(cluster, "c", "1")
    put(cluster, "c", "2")
    pages = []
    monkeypatch.setattr(cluster.app.cache.store, "page", lambda *a, **k: pages.append(a))
    query = {"resourceVersion": first, "resourceVersionMatch": "Exact", "fieldSelector": "metadata.name=c"}
    found = cluster.client.request("GET", "/api/v1/namespaces/default/configmaps", query=query).body

    assert b'"v":"1"' in found
    assert not pages
    gone = {**query, "fieldSelector": "metadata.name=nothing"}
    assert b'"items":[]' in cluster.client.request("GET", "/api/v1/namespaces/default/configmaps", query=gone).body
