import pytest

from sampan.errors import BadRequest, NotFound
from sampan_explain.past import reading
from sampan_machinery.resources import CONFIG_MAPS


def test_revisions_and_times_are_read_as_people_write_them(cluster):
    assert reading.revision_of(cluster.client, "@12") == 12
    with pytest.raises(BadRequest, match="--at is 30s, 10m or 2h ago"):
        reading.revision_of(cluster.client, "yesterday")


def test_a_collection_is_read_in_pages_as_it_was(cluster, monkeypatch):
    monkeypatch.setattr(reading, "PAGE", 2)
    for number in range(5):
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": f"page-{number}", "labels": {"p": "1"}}}, "default")
    then = cluster.app.cache.revision
    cluster.client.delete(CONFIG_MAPS, "page-0", "default")
    found = reading.items_at(cluster.client, CONFIG_MAPS, then, "default", labels="p=1")
    table = reading.table_at(cluster.client, CONFIG_MAPS, then, "default", labels="p=1")

    assert [each["metadata"]["name"] for each in found] == [f"page-{number}" for number in range(5)]
    assert found[0]["kind"] == "ConfigMap"
    assert len(table["rows"]) == 5


def test_on_a_server_of_another_make_revisions_are_found_by_stepping_back(cluster, monkeypatch):
    def absent(client, path, query):
        raise NotFound("no such path")

    monkeypatch.setattr(reading, "_ask", absent)
    made = cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "steps"}, "data": {"v": "1"}}, "default")
    for value in "23":
        made = cluster.client.update(CONFIG_MAPS, {**made, "data": {"v": value}})
    found = list(reading.revisions(cluster.client, CONFIG_MAPS, "steps", "default", 10))

    assert [each.object["data"]["v"] for each in found] == ["3", "2", "1"]
    with pytest.raises(reading.NoHistory, match="give one as @REVISION"):
        reading.revision_of(cluster.client, "10m")
