"""What concerns many objects or kinds is made on a thread, without the cache's lock, and says the same."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest

from sampan_server.front import Front
from sampan_server.publish import discovery
from sampan_server.read import list as listing
from sampan_server.request.request import Request
from sampan_server.watch import watch as watching
from sampan_server.write import delete as deleting

CMS = "/api/v1/namespaces/default/configmaps"
COUNT = 12
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
INITIAL = "watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"


@pytest.fixture
def few(monkeypatch: Any) -> None:
    """So few objects count as many."""
    for module in (listing, watching, deleting):
        monkeypatch.setattr(module, "MANY", COUNT - 2)
    monkeypatch.setattr(watching, "MANY_ROWS", COUNT - 2)


@pytest.fixture
def runs(monkeypatch: Any) -> list[str]:
    """The paths of the requests that leave the loop, as they come."""
    found: list[str] = []
    again = Front._again

    def noted(front: Front, request: Request, steps: Any) -> Any:
        found.append(request.uri)
        return again(front, request, steps)

    monkeypatch.setattr(Front, "_again", noted)
    return found


def fill(api: Any, shapes: Any) -> None:
    for number in range(COUNT):
        made = shapes.config_map(f"c{number:02}", x="1")
        made["metadata"]["labels"] = {"all": "yes", "odd": str(number % 2)}
        assert api.post(CMS, made).status_code == 201


def watch(served: Any, query: str, accept: str = "application/json") -> list[dict[str, Any]]:
    """Its events until its time is over, but for what differs from moment to moment: the age in the cells of a row, and
    the revision of a bookmark."""
    connection = served.connect()
    try:
        connection.request("GET", f"{CMS}?{query}", headers={"Accept": accept})
        events = [json.loads(line) for line in connection.getresponse().read().splitlines()]
    finally:
        connection.close()
    for row in (row for each in events for row in each["object"].get("rows", ())):
        row.pop("cells")
    return [each if each["type"] != "BOOKMARK" else {"type": "BOOKMARK", "object": {}} for each in events]


@pytest.mark.parametrize(
    ("query", "leaves"),
    [
        ("labelSelector=odd!%3D1", True), ("labelSelector=all+notin+(yes)", True), ("labelSelector=all%3Dyes", True),
        ("labelSelector=odd!%3D1&limit=3", True), ("fieldSelector=metadata.name!%3Dc03", True),
        ("labelSelector=odd!%3D1&limit=6", True), ("labelSelector=odd%3D1", False), ("limit=3", False), ("", False),
        ("fieldSelector=metadata.name%3Dc03", False), ("labelSelector=all%3Dyes,odd%3D1", False),
    ],
)  # fmt: skip
def test_a_list_that_must_ask_many(
    api: Any, shapes: Any, on_loop: Any, monkeypatch: Any, runs: list[str], query: str, leaves: bool
) -> None:
    fill(api, shapes)
    expected = api.get(CMS, query_string=query).json
    for module in (listing, watching):
        monkeypatch.setattr(module, "MANY", COUNT - 2)

    status, found = on_loop(api).ask("GET", f"{CMS}?{query}")

    assert (status, found) == (200, expected)
    assert bool(runs) == leaves


@pytest.mark.parametrize(
    ("query", "accept", "leaves"),
    [
        (INITIAL, "application/json", True), (f"{INITIAL}&labelSelector=odd!%3D1", "application/json", True),
        (INITIAL, TABLE, True), ("watch=1&timeoutSeconds=1&resourceVersion=1", "application/json", True),
        ("watch=1&timeoutSeconds=1&resourceVersion=1&labelSelector=odd!%3D1", "application/json", True),
        (f"{INITIAL}&labelSelector=odd%3D1", "application/json", False),
    ],
)  # fmt: skip
def test_a_watch_that_begins_with_many(
    api: Any, shapes: Any, on_loop: Any, monkeypatch: Any, runs: list[str], query: str, accept: str, leaves: bool
) -> None:
    fill(api, shapes)
    served = on_loop(api)
    expected = watch(served, query, accept)
    assert runs == []
    api.app.cache.collections["/core/configmaps/"].answers = {}
    monkeypatch.setattr(watching, "MANY", COUNT - 2)
    monkeypatch.setattr(watching, "MANY_ROWS", COUNT - 2)

    found = watch(served, query, accept)

    assert found == expected
    assert len(found) >= COUNT / 2
    assert bool(runs) == leaves


@pytest.mark.parametrize("query", [INITIAL, "watch=1&timeoutSeconds=1&resourceVersion=1&labelSelector=all"])
def test_what_happens_while_it_is_made_is_shown_once_and_in_order(
    api: Any, shapes: Any, on_loop: Any, monkeypatch: Any, few: None, query: str
) -> None:
    fill(api, shapes)
    made = watching.Watch._made_before
    late = shapes.config_map("late", x="2")
    late["metadata"]["labels"] = {"all": "yes"}

    def slowly(self: Any, *args: Any) -> Any:
        before = made(self, *args)
        assert api.post(CMS, late).status_code == 201
        assert api.delete(f"{CMS}/c05").status_code == 200
        return before

    monkeypatch.setattr(watching.Watch, "_made_before", slowly)
    found = watch(on_loop(api), query)

    told = [(each["type"], each["object"].get("metadata", {}).get("name")) for each in found]
    first = [("ADDED", f"c{number:02}") for number in range(COUNT)]
    assert told[: COUNT + 2] == [*first, ("ADDED", "late"), ("DELETED", "c05")]
    assert [word for word, _ in told[COUNT + 2 :]] == ["BOOKMARK"] * (query == INITIAL)


def test_many_are_deleted_off_the_loop(api: Any, shapes: Any, on_loop: Any, few: None, runs: list[str]) -> None:
    fill(api, shapes)
    served = on_loop(api)

    status, found = served.ask("DELETE", f"{CMS}?labelSelector=odd%3D1")
    assert (status, len(found["items"]), runs) == (200, COUNT // 2, [])
    fill_again = shapes.config_map("x", x="1")
    for number in range(COUNT):
        fill_again["metadata"]["name"] = f"x{number}"
        api.post(CMS, fill_again)
    status, found = served.ask("DELETE", CMS)

    assert (status, len(found["items"]), runs) == (200, COUNT * 3 // 2, [CMS])
    assert api.get(CMS).json["items"] == []


@pytest.mark.parametrize("path", ["/apis", "/apis/apps/v1", "/openapi/v3"])
def test_documents_of_many_kinds_are_made_off_the_loop_and_once(
    api: Any, on_loop: Any, monkeypatch: Any, runs: list[str], path: str
) -> None:
    served, expected = on_loop(api), api.get(path).json
    api.app.registry.replace(api.app.registry.now.all)  # as where a kind has come
    monkeypatch.setattr(discovery, "MANY_KINDS", 3)

    assert served.ask("GET", path) == (200, expected)
    assert served.ask("GET", path) == (200, expected)
    assert runs == [path]


def test_a_request_leaves_nothing_to_the_garbage_collector(api: Any, shapes: Any, on_loop: Any, few: None) -> None:
    """The collector would keep the loop for tens of milliseconds to take a few hundred such requests apart."""
    fill(api, shapes)
    served = on_loop(api)
    served.ask("POST", CMS, shapes.config_map("first", x="1"))
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        assert served.ask("POST", CMS, shapes.config_map("a", x="1"))[0] == 201
        assert served.ask("POST", CMS, shapes.config_map("a", x="1"))[0] == 409
        assert served.ask("POST", CMS, shapes.config_map("big", x="y" * 20_000))[0] == 201
        assert served.ask("GET", f"{CMS}?labelSelector=odd!%3D1")[0] == 200
        assert served.ask("DELETE", f"{CMS}/a")[0] == 200
        gc.collect()
        left = [each for each in gc.garbage if isinstance(each, Request)]
    finally:
        gc.set_debug(0)
        gc.enable()
        gc.garbage.clear()

    assert left == []
