"""Several versions of a kind that comes and goes over one stored version."""

from __future__ import annotations

import json

from followed import BOATS, BOATS_2, SOON, add, change, document, is_unknown
from toys import GROUP, TOYS, boat, toy

from sampan.contracts.kinds import Resource
from sampan_testing.cluster import until


def test_a_version_more_leaves_the_watches_of_the_others_open(client, watch, toys):
    """The source gives a new Kind for each version here, so the described kind's watches end; another kind's do not."""
    add(client)
    client.create(TOYS, toy("cars", "Car"))
    cars = Resource(GROUP, "v1", "cars", "Car")
    until(lambda: client.list(cars) or True, SOON)
    following = watch(cars)
    client.create(BOATS, boat(crew=2), "default")

    change(client, versions=["v1", "v2"])

    shown = until(lambda: client.get(BOATS_2, "a", "default"), SOON)
    assert (shown["apiVersion"], shown["spec"]) == (f"{GROUP}/v2", {"sailors": 2})
    assert [each["version"] for each in document(client, f"/apis/{GROUP}")["versions"]] == ["v2", "v1"]
    client.create(cars, boat("beetle"), "default")
    until(lambda: following.events, SOON)
    assert not following.ended.is_set()


def test_several_versions_are_written_read_and_selected_in_each(client, watch):
    add(client, versions=["v1", "v2"], stored="v2")
    following = watch(BOATS, since=client.list(BOATS).resource_version)

    client.create(BOATS, boat(crew=2), "default")
    client.patch(BOATS_2, "a", {"spec": {"sailors": 5}}, "default")

    until(lambda: len(following.events) == 2, SOON)
    assert following.seen() == [("ADDED", "a", {"crew": 2}), ("MODIFIED", "a", {"crew": 5})]
    assert [each["spec"] for each in client.list(BOATS, "default").items] == [{"crew": 5}]
    assert [each["spec"] for each in client.list(BOATS_2, "default").items] == [{"sailors": 5}]
    assert len(client.list(BOATS, fields="spec.crew=5").items) == 1
    assert client.list(BOATS, fields="spec.crew=2").items == []


def test_objects_of_a_former_stored_version_are_shown_as_asked_and_written_in_the_new_one(client, cluster, watch, toys):
    add(client, versions=["v1", "v2"], stored="v1")
    old = client.create(BOATS, boat(crew=2), "default")

    change(client, versions=["v1", "v2"], stored="v2")
    until(lambda: toys.source.settled_as["boats"]["stored"] == "v2", SOON)
    assert client.get(BOATS_2, "a", "default")["spec"] == {"sailors": 2}
    client.create(BOATS, boat("b", crew=3), "default")

    def stored():
        return {
            entry.key.rpartition("/")[2]: json.loads(entry.value)["apiVersion"].rpartition("/")[2]
            for entry in cluster.app.cache.store.page(f"/{GROUP}/boats/").entries
        }

    assert stored() == {"a": "v1", "b": "v2"}
    assert client.get(BOATS, "a", "default") == old
    assert [each["spec"] for each in client.list(BOATS).items] == [{"crew": 2}, {"crew": 3}]
    assert [each["spec"] for each in client.list(BOATS_2).items] == [{"sailors": 2}, {"sailors": 3}]
    following = watch(BOATS_2)
    until(lambda: len(following.events) == 2, SOON)
    assert [spec for _, _, spec in following.seen()] == [{"sailors": 2}, {"sailors": 3}]

    there = client.update(BOATS_2, client.get(BOATS_2, "a", "default"))
    assert stored() == {"a": "v2", "b": "v2"}
    assert there["metadata"]["generation"] == 1
    assert client.get(BOATS, "a", "default")["spec"] == {"crew": 2}
    client.delete(BOATS, "a", "default")


def test_the_stored_version_may_be_hidden_from_clients(client):
    add(client, versions=["v1", "v2"], stored="v2", hidden=["v2"])
    client.create(BOATS, boat(crew=2), "default")

    assert client.get(BOATS, "a", "default")["spec"] == {"crew": 2}
    assert is_unknown(client, BOATS_2)
    assert [each["version"] for each in document(client, f"/apis/{GROUP}")["versions"]] == ["v1"]
