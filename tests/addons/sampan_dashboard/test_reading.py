from __future__ import annotations

import pytest

from sampan.errors import Forbidden
from sampan_dashboard import reading
from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES, SECRETS


@pytest.fixture(scope="module")
def few(cluster):
    cluster.client.create(NAMESPACES, {"metadata": {"name": "few"}})
    for number in range(5):
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": f"c{number}", "labels": {"few": "yes"}}}, "few")
    return cluster.client


def test_objects_come_page_by_page(few, monkeypatch):
    monkeypatch.setattr(reading, "PAGE", 2)

    found = list(reading.objects(few, CONFIG_MAPS, "few", labels="few"))

    assert [obj["metadata"]["name"] for obj in found] == ["c0", "c1", "c2", "c3", "c4"]
    assert {obj["kind"] for obj in found} == {"ConfigMap"}
    assert len(reading.some(few, CONFIG_MAPS, "few", most=3)) == 3


def test_a_table_has_the_metadata_of_its_rows(few):
    found = reading.table(few, CONFIG_MAPS, "few", labels="few", limit=2)

    assert [row["object"]["metadata"]["name"] for row in found["rows"]] == ["c0", "c1"]
    assert found["metadata"]["continue"]


def test_a_table_is_read_page_by_page(few, monkeypatch):
    asked, whole = [], reading.table

    def table(client, resource, namespace, *, labels, limit, token, type):
        asked.append(token)
        return whole(client, resource, namespace, labels=labels, limit=2, token=token, type=type)

    monkeypatch.setattr(reading, "table", table)
    pages = list(reading.table_pages(few, CONFIG_MAPS, "few", labels="few"))

    assert [len(page["rows"]) for page in pages] == [2, 2, 1]
    assert asked[0] == "" and all(asked[1:])
    assert pages[0]["rows"][0]["object"]["metadata"].keys() == {"name", "namespace", "uid", "creationTimestamp"}


def test_what_a_user_may_not_list_is_nothing_to_some_and_an_error_to_others(cluster):
    client = cluster.client_as("no-rules")

    assert reading.some(client, SECRETS) == []
    with pytest.raises(Forbidden):
        list(reading.objects(client, SECRETS))


def test_namespaces_are_named_where_the_user_may_list_them(site):
    assert "kube-system" in reading.namespaces(site.sign_in().session.account)
    assert reading.namespaces(site.sign_in("no-rules").session.account) == []
