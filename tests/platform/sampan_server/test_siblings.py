"""Two servers on one store, one of them behind: what it refuses, it refuses of the newest state."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sampan_memory.store import MemoryStore

MAPS = "/api/v1/namespaces/default/configmaps"


class Behind:
    """A view of a store whose news arrive only after a caller has asked how far it is."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.news = threading.Event()
        self.news.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def revision(self) -> int:
        self.news.set()
        return self._store.revision()

    def watch(self, after: int) -> Any:
        watch = self._store.watch(after)

        class Late:
            close = watch.close

            def batches(late) -> Iterator[Any]:
                for batch in watch.batches():
                    self.news.wait(60)
                    yield batch

        return Late()


@pytest.fixture
def pair(make: Any) -> tuple[Any, Any, Behind]:
    """A server, one that is behind, and the view that makes it so."""
    store = MemoryStore()
    behind = Behind(store)
    return make(store=store), make(store=behind), behind


def test_an_object_just_made_elsewhere_can_be_changed_and_deleted(pair: Any, shapes: Any) -> None:
    first, second, behind = pair

    for change in (
        lambda: second.patch(f"{MAPS}/a", {"data": {"x": "2"}}),
        lambda: second.put(f"{MAPS}/a", shapes.config_map("a", x="3")),
        lambda: second.delete(f"{MAPS}/a"),
    ):
        behind.news.clear()
        first.post(MAPS, shapes.config_map("a", x="1"))
        assert change().status_code == 200
        first.delete(f"{MAPS}/a")


def test_a_name_just_freed_elsewhere_can_be_taken(pair: Any, shapes: Any) -> None:
    first, second, behind = pair
    first.post(MAPS, shapes.config_map("a"))
    second.get(f"{MAPS}/a")

    behind.news.clear()
    first.delete(f"{MAPS}/a")

    assert second.post(MAPS, shapes.config_map("a", x="new")).status_code == 201


def test_a_revision_just_made_elsewhere_is_no_conflict(pair: Any, shapes: Any) -> None:
    first, second, behind = pair
    first.post(MAPS, shapes.config_map("a"))
    second.get(f"{MAPS}/a")

    behind.news.clear()
    current = first.patch(f"{MAPS}/a", {"data": {"x": "1"}}).json
    current["data"]["x"] = "2"

    assert second.put(f"{MAPS}/a", current).status_code == 200


def test_a_subresource_of_an_object_just_made_elsewhere_is_found(pair: Any, shapes: Any) -> None:
    first, second, behind = pair
    deployments = "/apis/apps/v1/namespaces/default/deployments"
    behind.news.clear()
    first.post(deployments, shapes.deployment("a", replicas=3))

    assert second.get(f"{deployments}/a/scale").json["spec"]["replicas"] == 3
    behind.news.clear()
    assert second.get(f"{deployments}/b/scale").status_code == 404


def test_what_is_refused_of_the_newest_state_stays_refused(pair: Any, shapes: Any) -> None:
    first, second, behind = pair
    made = first.post(MAPS, shapes.config_map("a")).json
    second.get(f"{MAPS}/a")
    behind.news.clear()
    first.patch(f"{MAPS}/a", {"data": {"x": "1"}})

    assert second.put(f"{MAPS}/a", made).status_code == 409
    assert second.post(MAPS, shapes.config_map("a")).status_code == 409
    assert second.delete(f"{MAPS}/b").status_code == 404


def test_what_changes_nothing_of_an_old_state_may_change_the_newest(pair: Any, shapes: Any) -> None:
    first, second, behind = pair
    first.post(MAPS, shapes.config_map("a", x="1"))
    second.get(f"{MAPS}/a")

    for name in ("x", "y"):
        behind.news.clear()
        first.patch(f"{MAPS}/a", {"data": {"x": "2", "y": "2"}})
        sent = {"data": {"x": "1", "y": None}}
        assert name == "y" or second.patch(f"{MAPS}/a?dryRun=All", sent).json["data"] == {"x": "1"}
        assert second.patch(f"{MAPS}/a", sent).json["data"] == {"x": "1"}
        assert first.get(f"{MAPS}/a").json["data"] == {"x": "1"}


def test_a_dry_run_is_of_the_newest_state(pair: Any, shapes: Any) -> None:
    first, second, behind = pair
    old = first.post(MAPS, shapes.config_map("a", x="1")).json
    second.get(f"{MAPS}/a")
    old["data"] = {"x": "3"}

    behind.news.clear()
    first.patch(f"{MAPS}/a", {"data": {"y": "2"}})
    assert second.put(f"{MAPS}/a?dryRun=All", old).status_code == 409

    behind.news.clear()
    first.post(MAPS, shapes.config_map("b"))
    assert second.post(f"{MAPS}?dryRun=All", shapes.config_map("b")).status_code == 409

    behind.news.clear()
    uid = first.get(f"{MAPS}/a").json["metadata"]["uid"]
    first.delete(f"{MAPS}/a")
    options = {"preconditions": {"uid": uid}}
    assert second.delete(f"{MAPS}/a?dryRun=All", json=options).status_code == 404


def test_deleting_again_is_of_the_newest_state(pair: Any, shapes: Any) -> None:
    first, second, behind = pair
    kept = shapes.config_map("a")
    kept["metadata"]["finalizers"] = ["example.com/held"]
    first.post(MAPS, kept)
    first.delete(f"{MAPS}/a")
    second.get(f"{MAPS}/a")

    behind.news.clear()
    first.patch(f"{MAPS}/a", {"metadata": {"finalizers": None}})

    assert second.delete(f"{MAPS}/a").status_code == 404


def test_a_collection_is_deleted_with_what_was_just_made_elsewhere(pair: Any, shapes: Any) -> None:
    first, second, behind = pair
    first.post(MAPS, shapes.config_map("a"))
    second.get(f"{MAPS}/a")

    behind.news.clear()
    first.post(MAPS, shapes.config_map("b"))

    assert second.delete(MAPS).status_code == 200
    assert first.get(MAPS).json["items"] == []


def test_a_server_that_has_just_begun_lets_watches_go_on_from_before(make: Any, shapes: Any) -> None:
    store = MemoryStore()
    first = make(store=store)
    start = first.post(MAPS, shapes.config_map("a")).json["metadata"]["resourceVersion"]
    first.post(MAPS, shapes.config_map("b"))
    first.delete(f"{MAPS}/a")

    second = make(store=store)

    events = second.watch(MAPS, f"resourceVersion={start}", 2)
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [
        ("ADDED", "b"),
        ("DELETED", "a"),
    ]
    assert [item["metadata"]["name"] for item in second.get(MAPS).json["items"]] == ["b"]
