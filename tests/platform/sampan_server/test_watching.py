"""Watches as an in-process client sees them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sampan.contracts.access import User
from sampan.contracts.kinds import Kind

PODS = "/api/v1/namespaces/default/pods"


def kinds(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def test_a_streaming_list_ends_with_a_bookmark(api: Any, shapes: Any) -> None:
    api.post(PODS, shapes.pod("a"))
    api.post(PODS, shapes.pod("b"))

    query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    events = api.watch(PODS, query, 3)

    assert kinds(events) == [("ADDED", "a"), ("ADDED", "b"), ("BOOKMARK", "")]
    end = events[2]["object"]
    assert end["kind"] == "Pod" and end["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(end["metadata"]["resourceVersion"]) == api.app.cache.revision


def test_leaving_a_selector_is_a_deletion_and_coming_back_an_addition(api: Any, shapes: Any) -> None:
    start = api.post(PODS, shapes.pod("a", app="web")).json["metadata"]["resourceVersion"]
    api.patch(f"{PODS}/a", {"metadata": {"labels": {"app": "other"}}})
    back = api.patch(f"{PODS}/a", {"metadata": {"labels": {"app": "web"}}}).json
    api.patch(f"{PODS}/a", {"metadata": {"annotations": {"x": "y"}}})
    api.delete(f"{PODS}/a")

    events = api.watch(PODS, f"labelSelector=app=web&resourceVersion={start}", 4)

    assert [event["type"] for event in events] == ["DELETED", "ADDED", "MODIFIED", "DELETED"]
    assert events[0]["object"]["metadata"]["labels"] == {"app": "web"}
    assert events[0]["object"]["metadata"]["resourceVersion"] != start
    assert events[1]["object"] == back


def test_a_watch_of_one_name_sees_no_other(api: Any, shapes: Any) -> None:
    start = api.post(PODS, shapes.pod("a")).json["metadata"]["resourceVersion"]
    for name in ("b", "c"):
        api.post(PODS, shapes.pod(name))
    api.post("/api/v1/namespaces/other/pods", shapes.pod("b"))

    assert kinds(api.watch(PODS, f"fieldSelector=metadata.name=b&resourceVersion={start}")) == [("ADDED", "b")]


def test_a_watch_from_before_the_history_is_told_so(api: Any, shapes: Any) -> None:
    for name in ("a", "b", "c"):
        api.post(PODS, shapes.pod(name))
    api.app.cache.collections["/core/pods/"].ring.forget(api.app.cache.revision)

    [event] = api.watch(PODS, "resourceVersion=2")

    assert event["type"] == "ERROR" and event["object"]["code"] == 410 and event["object"]["reason"] == "Expired"


def test_what_happens_after_the_start_arrives(api: Any, shapes: Any) -> None:
    api.post(PODS, shapes.pod("a"))
    from sampan_server.request.request import Request

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": PODS, "QUERY_STRING": "watch=1", "sampan.user": api.user}
    lines = api.app.front.answer(Request(environ)).body
    first = next(lines)
    api.post(PODS, shapes.pod("b"))
    second = next(lines)
    lines.close()

    assert b'"ADDED"' in first and b'"name":"b"' in second


def test_a_table_watch_shows_rows(api: Any, shapes: Any) -> None:
    api.post(PODS, shapes.pod("a"))
    from sampan_server.request.request import Request

    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": PODS, "QUERY_STRING": "watch=1", "sampan.user": api.user,
        "HTTP_ACCEPT": "application/json;as=Table;v=v1;g=meta.k8s.io",
    }  # fmt: skip
    lines = api.app.front.answer(Request(environ)).body
    first = next(lines)
    lines.close()

    assert b'"kind":"Table"' in first and b'"rows":[{"cells":["a"' in first


def test_a_bookmark_that_comes_first_says_the_columns_of_a_table(api: Any) -> None:
    from sampan_server.request.request import Request

    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": PODS, "QUERY_STRING": query, "sampan.user": api.user,
        "HTTP_ACCEPT": "application/json;as=Table;v=v1;g=meta.k8s.io",
    }  # fmt: skip
    lines = api.app.front.answer(Request(environ)).body
    first = json.loads(next(lines))
    lines.close()

    assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name", "Age"]
    assert first["object"]["rows"][0]["cells"] == []


class Loop:
    """The worker's loop, run by hand."""

    def __init__(self) -> None:
        self.soon: list[Any] = []

    def call_soon(self, function: Any) -> None:
        self.soon.append(function)

    def call_later(self, delay: float, function: Any) -> Any:
        return lambda: None

    def run(self) -> None:
        while self.soon:
            self.soon.pop(0)()


class Connection:
    def __init__(self) -> None:
        self.sent = b""
        self.parts: list[bytes] = []
        self.stuck = 0
        self.closed = False
        self.on_close: Any = None

    def send(self, data: bytes) -> None:
        self.sent += data
        self.parts.append(data)

    def buffered(self) -> int:
        return self.stuck

    def close(self) -> None:
        self.closed = True


def hijacked(api: Any, query: str = "watch=1", path: str = PODS) -> tuple[Loop, Connection]:
    from sampan_http.handoff import Hijacked
    from sampan_server.request.request import Request

    loop, connection = Loop(), Connection()
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "sampan.user": api.user,
        "sampan.loop": loop, "SERVER_PROTOCOL": "HTTP/1.1",
    }  # fmt: skip
    try:
        api.app.front.answer(Request(environ))
    except Hijacked as handover:
        handover.take(connection)
    return loop, connection


def test_a_watch_on_the_loop_is_a_hijacked_connection(api: Any, shapes: Any) -> None:
    api.post(PODS, shapes.pod("a"))
    loop, connection = hijacked(api)
    api.post(PODS, shapes.pod("b"))
    loop.run()

    head, _, body = connection.sent.partition(b"\r\n\r\n")
    assert b"chunked" in head and b'"name":"a"' in body and b'"name":"b"' in body


OLD = Kind(group="", version="v1", kind="Endpoints", plural="endpoints", deprecated="v1 Endpoints is deprecated")
OLD_ONES = "/api/v1/namespaces/default/endpoints"


def test_a_watch_of_a_deprecated_kind_says_so(make: Any, shapes: Any) -> None:
    api = make(shapes.Extra(kinds=[OLD]))
    _, connection = hijacked(api, path=OLD_ONES)

    head, _, body = connection.sent.partition(b"\r\n\r\n")
    assert b'\r\nWarning: 299 - "v1 Endpoints is deprecated"' in head and not body


def test_a_refusal_warns_of_a_deprecated_kind_where_it_is_about_one(make: Any, shapes: Any) -> None:
    api = make(shapes.Extra(kinds=[OLD]))
    unknown_table = {"Accept": "application/json;as=Table;v=v2;g=meta.k8s.io"}

    assert api.get(f"{OLD_ONES}/none").headers["warning"] == '299 - "v1 Endpoints is deprecated"'
    assert api.get(OLD_ONES, headers=unknown_table).headers["warning"] == '299 - "v1 Endpoints is deprecated"'
    for path, headers in ((f"{OLD_ONES}/a/none", {}), (OLD_ONES, {"Accept": "text/plain"})):
        assert "warning" not in api.get(path, headers=headers).headers


def test_a_slow_client_is_told_and_cut_off(api: Any, shapes: Any) -> None:
    loop, connection = hijacked(api)
    connection.stuck = 1 << 30
    api.post(PODS, shapes.pod("b"))
    loop.run()

    assert connection.closed and b'"code":410' in connection.sent and connection.sent.endswith(b"0\r\n\r\n")


def test_the_watches_of_one_user_hold_so_much_together(api: Any, shapes: Any) -> None:
    """Each is within its own bound; the ones furthest behind are ended until the others are within that of the user."""
    mebi = 1 << 20
    mine = [hijacked(api) for _ in range(10)]
    loop, other = hijacked(api.as_user(User("other", ("system:masters",))))
    for number, (_, connection) in enumerate(mine):
        connection.stuck = (7 if number < 9 else 1) * mebi
    other.stuck = 7 * mebi

    for event in range(2):  # the second one finds them behind
        api.post(PODS, shapes.pod(f"p{event}"))
        for each, _ in [*mine, (loop, other)]:
            each.run()

    assert sum(connection.stuck for _, connection in mine) == 64 * mebi  # as much as there may be
    assert not any(connection.closed for _, connection in mine)
    for _, connection in mine:
        connection.stuck += mebi
    api.post(PODS, shapes.pod("last"))
    for each, _ in [*mine, (loop, other)]:
        each.run()
    closed = [connection for _, connection in mine if connection.closed]
    assert 1 <= len(closed) <= 2 and all(b'"code":410' in connection.sent for connection in closed)
    assert not mine[9][1].closed and not other.closed


def test_a_watch_that_the_server_ends_has_seen_all_and_knows_how_far_it_is(api: Any, shapes: Any) -> None:
    _, connection = hijacked(api, "watch=1&allowWatchBookmarks=true")
    api.post(PODS, shapes.pod("b"))
    before = connection.sent.count(b"BOOKMARK")

    connection.on_close()

    event, mark = connection.sent.split(b"\r\n")[-6:-3:2]
    assert b'"name":"b"' in event and b'"type":"BOOKMARK"' in mark
    assert f'"resourceVersion":"{api.app.cache.revision}"'.encode() in mark
    assert connection.sent.endswith(b"\r\n0\r\n\r\n")
    connection.on_close()
    assert connection.sent.count(b"BOOKMARK") == before + 1


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 0), ("&allowWatchBookmarks=true", 1), ("&allowWatchBookmarks=true&resourceVersion=0", 1),
     ("&allowWatchBookmarks=true&resourceVersion=1", 0)],
)  # fmt: skip
def test_a_watch_that_begins_with_what_is_there_says_where_that_ends(
    api: Any, shapes: Any, query: str, count: int
) -> None:
    api.post(PODS, shapes.pod("a"))

    _, connection = hijacked(api, f"watch=1{query}")

    assert connection.sent.count(b"k8s.io/initial-events-end") == count


def test_a_watch_is_shown_no_event_twice(api: Any, shapes: Any) -> None:
    """One that joins between an event's way into the history and to the audience has seen it already."""
    hijacked(api)  # an audience, so that events wait for the loop
    api.post(PODS, shapes.pod("a"))
    loop, second = hijacked(api, "watch=1&resourceVersion=1")
    loop.run()

    assert second.sent.count(b'"type":"ADDED"') == 1


def test_watches_that_ask_the_same_share_the_bytes_of_the_first_state(api: Any, shapes: Any) -> None:
    for name in ("a", "b", "c"):
        pod = shapes.pod(name)
        pod["metadata"]["annotations"] = {"note": "x" * 150_000}
        api.post(PODS, pod)
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"

    largest = [max(hijacked(api, q)[1].parts, key=len) for q in ("watch=1", "watch=1", query)]
    assert len(largest[0]) > 450_000
    assert largest[0] is largest[1] is largest[2]

    api.delete(f"{PODS}/a")
    assert max(hijacked(api)[1].parts, key=len) is not largest[0]
