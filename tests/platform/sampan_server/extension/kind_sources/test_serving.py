"""Kinds that come, change and go while a server serves: discovery, documents, watches, what is stored."""

from __future__ import annotations

import json
import time

import pytest
from followed import AGGREGATED, BOATS, FOLLOWS, SOON, add, change, document, is_unknown
from toys import GROUP, TOYS, boat, toy

from sampan.contracts.kinds import Resource
from sampan.errors import Invalid
from sampan_testing.cluster import start, until


def test_a_kind_that_is_described_is_served_soon(client):
    assert is_unknown(client)

    add(client)

    made = client.create(BOATS, boat(crew=3, odd=1), "default")
    assert made["spec"] == {"crew": 3}
    assert [each["metadata"]["name"] for each in client.list(BOATS, "default").items] == ["a"]
    with pytest.raises(Invalid, match=r"spec\.crew"):
        client.create(BOATS, boat("b", crew="many"), "default")


def test_a_server_follows_because_of_the_change_and_not_at_the_next_of_its_attempts(toys, monkeypatch):
    monkeypatch.setattr("sampan_server.extension.kind_sources.AGAIN", 3600.0)
    with start({"toys": toys}, only=("namespaces",), control=False) as cluster:
        for _ in range(5):
            add(cluster.client)
            cluster.client.delete(TOYS, "boats")
            until(lambda: is_unknown(cluster.client), SOON)


def test_discovery_follows_in_both_forms_with_a_new_etag(client):
    before = client.request("GET", "/apis", headers=AGGREGATED)
    add(client)

    after = client.request("GET", "/apis", headers={**AGGREGATED, "If-None-Match": before.headers["etag"]})
    assert after.status == 200
    [group] = [each for each in json.loads(after.body)["items"] if each["metadata"]["name"] == GROUP]
    assert [each["resource"] for each in group["versions"][0]["resources"]] == ["boats"]
    assert GROUP in [group["name"] for group in document(client, "/apis")["groups"]]
    names = [each["name"] for each in document(client, f"/apis/{GROUP}/v1")["resources"]]
    assert names == ["boats", "boats/status"]


def test_openapi_follows_in_both_versions_and_keeps_what_is_unchanged(client, cluster):
    untouched = f"/openapi/v3/apis/{TOYS.group}/v1"
    client.request("GET", untouched)
    index = document(client, "/openapi/v3")["paths"]
    add(client)

    paths = document(client, "/openapi/v3")["paths"]
    assert paths[f"apis/{TOYS.group}/v1"] == index[f"apis/{TOYS.group}/v1"]
    third = document(client, f"/openapi/v3/apis/{GROUP}/v1")
    schema = third["components"]["schemas"]["example.toys.v1.Boat"]
    assert schema["properties"]["spec"]["properties"] == {"crew": {"type": "integer"}}
    assert "example.toys.v1.Boat" in document(client, "/openapi/v2")["definitions"]
    was = paths[f"apis/{GROUP}/v1"]

    change(client, crew={"type": "string"})
    until(lambda: document(client, "/openapi/v3")["paths"][f"apis/{GROUP}/v1"] != was, SOON)
    third = document(client, f"/openapi/v3/apis/{GROUP}/v1")
    assert third["components"]["schemas"]["example.toys.v1.Boat"]["properties"]["spec"]["properties"] == {
        "crew": {"type": "string"}
    }


def test_a_watch_shows_its_objects_and_ends_in_order_when_the_kind_goes(client, watch):
    add(client)
    client.create(BOATS, boat(crew=1), "default")
    following = watch(BOATS)
    client.create(BOATS, boat("b"), "default")
    until(lambda: len(following.events) == 2, SOON)

    client.delete(TOYS, "boats")

    assert following.ended.wait(SOON)
    assert [event["type"] for event in following.events] == ["ADDED", "ADDED"]
    until(lambda: is_unknown(client), SOON)
    assert GROUP not in [group["name"] for group in document(client, "/apis")["groups"]]
    assert f"apis/{GROUP}/v1" not in document(client, "/openapi/v3")["paths"]


def test_what_is_stored_stays_and_comes_back_with_the_kind(client):
    add(client)
    made = client.create(BOATS, boat(crew=1), "default")
    client.delete(TOYS, "boats")
    until(lambda: is_unknown(client), SOON)

    add(client)

    assert client.get(BOATS, "a", "default") == made


def test_what_is_stored_goes_where_the_source_says_so(client, cluster):
    add(client, removed=True)
    for number in range(150):
        client.create(BOATS, boat(f"b{number}"), "default")
    client.delete(TOYS, "boats")
    until(lambda: not cluster.app.cache.store.page(f"/{GROUP}/boats/").entries, SOON)

    add(client)
    assert client.list(BOATS).items == []


def test_a_change_of_schema_counts_at_once_and_ends_the_open_watch(client, watch):
    add(client)
    client.create(BOATS, boat(crew=1), "default")
    following, toys = watch(BOATS), watch(TOYS)
    until(lambda: following.events, SOON)

    change(client, crew={"type": "string"})

    assert following.ended.wait(SOON)
    assert client.create(BOATS, boat("b", crew="three"), "default")["spec"] == {"crew": "three"}
    since = following.events[-1]["object"]["metadata"]["resourceVersion"]
    again = watch(BOATS, since=since)
    until(lambda: again.events, SOON)
    assert again.seen() == [("ADDED", "b", {"crew": "three"})]
    assert not toys.ended.is_set()


def test_what_cannot_be_served_is_refused_in_words(client, toys):
    add(client)

    client.create(TOYS, toy("toys", "Toy", group=TOYS.group))
    client.create(TOYS, toy("cars", "Car", versions=["v1"], stored="v2"))
    client.create(TOYS, toy("bikes", "Bike", crew={"type": "nonsense"}))
    until(lambda: len(toys.source.refused) == 3, SOON)

    assert toys.source.served == ["boats/v1"]
    assert toys.source.refused["toys/v1"] == f"toys.{TOYS.group} of {TOYS.group}/v1 is served already"
    assert toys.source.refused["cars/v1"] == f"it is stored as {GROUP}/v2, which is not offered"
    assert "nonsense" in toys.source.refused["bikes/v1"]
    assert client.get(TOYS, "boats")


def test_a_source_may_tell_in_a_status_what_is_served(client, toys, watch):
    toys.source.tells = True
    add(client)
    until(lambda: client.get(TOYS, "boats")["status"] == {"served": ["v1"]}, SOON)
    following = watch(BOATS)
    client.create(BOATS, boat(), "default")
    until(lambda: following.events, SOON)

    client.create(TOYS, toy("cars", "Car", versions=["v1", "v2"]))
    until(lambda: client.get(TOYS, "cars")["status"] == {"served": ["v1", "v2"]}, SOON)

    told, asked = client.list(TOYS).items, toys.source.asked
    time.sleep(FOLLOWS)
    assert toys.source.asked <= asked + 1  # because of the status; it is not written again
    assert client.list(TOYS).items == told
    assert not following.ended.is_set()


def test_a_source_that_fails_keeps_the_kinds_it_had_and_is_asked_again(client, toys):
    add(client)
    toys.source.failing = True
    client.create(TOYS, toy("cars", "Car"))
    client.delete(TOYS, "boats")
    time.sleep(FOLLOWS)
    assert client.list(BOATS).items == []

    toys.source.failing = False

    until(lambda: is_unknown(client), SOON)
    until(lambda: client.list(Resource(GROUP, "v1", "cars", "Car")).items == [], SOON)
