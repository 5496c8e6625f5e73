"""Answers in protobuf: which clients get them, and that they say what the JSON says."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from sampan.contracts.kinds import Kind
from sampan_machinery.protobuf import decoding, encoding
from sampan_server.request import negotiation
from sampan_server.request.request import Request

PODS = "/api/v1/namespaces/default/pods"
CMS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
TYPE = "application/vnd.kubernetes.protobuf"
ACCEPT = {"Accept": TYPE}
META = ";v=v1;g=meta.k8s.io"


def without_empty(value: Any) -> Any:
    """JSON shows some empty lists and nulls, which protobuf cannot tell from what is not there."""
    if isinstance(value, dict):
        found = {name: without_empty(child) for name, child in value.items()}
        return {name: child for name, child in found.items() if child not in (None, [], {})}
    return [without_empty(each) for each in value] if isinstance(value, list) else value


def read(answer: Any) -> Any:
    assert answer.headers["content-type"] == TYPE, answer.content
    return without_empty(decoding.decode(answer.content))


def frames(data: bytes) -> list[dict[str, Any]]:
    """Type and object of each event."""
    found = []
    while data:
        size = int.from_bytes(data[:4], "big")
        event, data = data[4 : 4 + size], data[4 + size :]
        word, rest = event[2 : 2 + event[1]].decode(), event[2 + event[1] :]
        whole = rest[rest.index(decoding.MAGIC) :]
        found.append({"type": word, "object": without_empty(decoding.decode(whole))})
    return found


def test_one_object_says_what_its_json_says(api: Any, shapes: Any) -> None:
    made = api.post(DEPLOYMENTS, shapes.deployment("a")).json

    found = api.get(f"{DEPLOYMENTS}/a", headers=ACCEPT)

    assert read(found) == without_empty(made)
    assert api.get(f"{DEPLOYMENTS}/a", headers=ACCEPT).content == found.content


def test_writes_answer_so(api: Any, shapes: Any) -> None:
    post = {**ACCEPT, "Content-Type": "application/json"}
    made = api.call("POST", CMS, shapes.config_map("a", x="1"), headers=post)
    assert made.status_code == 201 and read(made)["data"] == {"x": "1"}

    dry = api.call("PUT", f"{CMS}/a", shapes.config_map("a", x="2"), headers=post, query_string="dryRun=All")
    assert read(dry)["data"] == {"x": "2"}
    assert read(api.get(f"{CMS}/a", headers=ACCEPT)) == read(made)

    put = api.call("PUT", f"{CMS}/a", shapes.config_map("a", x="3"), headers=post)
    patch = {**ACCEPT, "Content-Type": "application/merge-patch+json"}
    patched = api.call("PATCH", f"{CMS}/a", {"data": {"y": "4"}}, headers=patch)
    assert read(put)["data"] == {"x": "3"} and read(patched)["data"] == {"x": "3", "y": "4"}
    assert read(patched) == without_empty(api.get(f"{CMS}/a").json)

    gone = api.call("DELETE", f"{CMS}/a", headers=ACCEPT)
    assert gone.status_code == 200 and read(gone)["status"] == "Success"


def test_a_list_says_what_its_json_says_page_by_page(api: Any, shapes: Any) -> None:
    for number in range(5):
        api.post(CMS, shapes.config_map(f"c{number}", x=str(number)))
    for query in ("", "limit=2", "labelSelector=a=b", "fieldSelector=metadata.name=c3"):
        found = read(api.get(CMS, headers=ACCEPT, query_string=query))
        assert found == without_empty(api.get(CMS, query_string=query).json)


def test_a_long_list_is_kept_under_new_revisions_and_made_again_after_a_change(api: Any, shapes: Any) -> None:
    for number in range(300):
        api.post(CMS, shapes.config_map(f"c{number}", x="y" * 1000))

    def same() -> bytes:
        answer = api.get(CMS, headers=ACCEPT)
        assert read(answer) == without_empty(api.get(CMS).json)
        return bytes(answer.content)

    first = same()
    assert same() == first
    api.post(PODS, shapes.pod("p"))  # another collection: a new revision of the same list
    assert same() != first
    api.patch(f"{CMS}/c7", {"data": {"x": "z"}})
    assert b"z" in same()
    packed = api.get(CMS, headers={**ACCEPT, "Accept-Encoding": "gzip"})
    assert packed.headers["content-type"] == TYPE and gzip.decompress(packed.content) == same()


def test_metadata_alone_and_the_scale(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a", 3))
    for version in ("v1", "v1beta1"):
        for path, kind in ((f"{DEPLOYMENTS}/a", ""), (DEPLOYMENTS, "List")):
            tail = f"v={version};g=meta.k8s.io;as=PartialObjectMetadata{kind}"
            shown = api.get(path, headers={"Accept": f"{TYPE};{tail}"})
            expected = api.get(path, headers={"Accept": f"application/json;{tail}"}).json
            found = read(shown)
            if kind:  # an item's kind is not in the message
                expected["items"] = [{"metadata": each["metadata"]} for each in expected["items"]]
            assert found == without_empty(expected)
    scale = api.get(f"{DEPLOYMENTS}/a/scale", headers=ACCEPT)
    assert read(scale)["spec"] == {"replicas": 3} and read(scale)["kind"] == "Scale"
    assert read(scale) == without_empty(api.get(f"{DEPLOYMENTS}/a/scale").json) | {"status": read(scale)["status"]}


def test_errors_are_said_so_and_a_refused_form_in_json(api: Any, shapes: Any) -> None:
    missing = api.get(f"{CMS}/nope", headers=ACCEPT)
    assert missing.status_code == 404 and read(missing) == without_empty(api.get(f"{CMS}/nope").json)
    bad = api.call("POST", CMS, {"metadata": {"name": "A_"}}, headers={**ACCEPT, "Content-Type": "application/json"})
    assert bad.status_code == 422 and read(bad)["details"]["causes"]
    denied = api.as_user(None).get(CMS, headers=ACCEPT)
    assert denied.status_code in (401, 403) and read(denied)["status"] == "Failure"
    table = api.get(CMS, headers={"Accept": f"{TYPE};as=Table{META}"})
    assert table.status_code == 406 and table.json["reason"] == "NotAcceptable"
    first = api.get(f"{CMS}/nope", headers={"Accept": f"{TYPE};as=Table{META},application/json;as=Table{META}"})
    assert first.headers["content-type"] == "application/json"


def test_a_table_is_never_protobuf(api: Any, shapes: Any) -> None:
    api.post(CMS, shapes.config_map("a"))

    shown = api.get(CMS, headers={"Accept": f"{TYPE};as=Table{META},application/json;as=Table{META},{TYPE}"})

    assert shown.headers["content-type"] == "application/json" and shown.json["kind"] == "Table"
    assert read(api.get(CMS, headers={"Accept": f"{TYPE};as=Table{META},{TYPE}"}))["kind"] == "ConfigMapList"


def test_answers_of_virtual_kinds(api: Any) -> None:
    review = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec": {}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    found = api.call("POST", path, review, headers={**ACCEPT, "Content-Type": "application/json"})

    assert found.status_code == 201 and read(found)["status"] == {"allowed": True}


def test_a_kind_without_a_message_stays_json(make: Any, shapes: Any) -> None:
    extra = shapes.Extra()
    extra.kinds = [Kind(group="apps.example.com", version="v1", kind="Deployment", plural="deployments")]
    api = make(extra)
    path = "/apis/apps.example.com/v1/namespaces/default/deployments"
    api.post(path, {"kind": "Deployment", "apiVersion": "apps.example.com/v1", "metadata": {"name": "a"}})

    refused = api.get(f"{path}/a", headers=ACCEPT)
    assert refused.status_code == 406
    assert read(refused)["message"] == (
        "only the following media types are accepted: application/json, application/yaml, " + TYPE
    )
    for accept in (f"{TYPE},application/json", f"{TYPE},*/*"):
        assert api.get(f"{path}/a", headers={"Accept": accept}).json["metadata"]["name"] == "a"
    assert api.call("DELETE", f"{path}/a", headers=ACCEPT).status_code == 406
    partial = read(api.get(f"{path}/a", headers={"Accept": f"{TYPE};as=PartialObjectMetadata{META}"}))
    assert partial["kind"] == "PartialObjectMetadata" and partial["metadata"]["name"] == "a"
    gone = api.call("DELETE", f"{path}/a", headers={"Accept": f"{TYPE},application/json"})
    assert gone.json["status"] == "Success"


def test_discovery(api: Any) -> None:
    for path in ("/apis", "/apis/apps", "/apis/apps/v1", "/api/v1"):
        answer = api.get(path, headers=ACCEPT)
        assert read(answer) == without_empty(api.get(path).json) and answer.headers["vary"] == "Accept"
    versions = api.get("/api", headers=ACCEPT)
    assert versions.headers["content-type"] == TYPE and b"\x12\x0bAPIVersions" in versions.content
    tail = ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    whole = api.get("/apis", headers={"Accept": f"{TYPE}{tail},application/json{tail}"})
    assert whole.headers["content-type"] == f"{TYPE}{tail}"
    expected = without_empty(api.get("/apis", headers={"Accept": f"application/json{tail}"}).json)
    assert without_empty(decoding.decode(whole.content)) == expected
    same = api.get("/apis", headers={"Accept": f"{TYPE}{tail}", "If-None-Match": whole.headers["etag"]})
    assert same.status_code == 304


def watch(api: Any, path: str, query: str, accept: str = TYPE, count: int = 1) -> tuple[str, list[dict[str, Any]]]:
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": f"watch=1&timeoutSeconds=5&{query}",
        "sampan.user": api.user, "HTTP_ACCEPT": accept,
    }  # fmt: skip
    answer = api.app.front.answer(Request(environ))
    found: list[dict[str, Any]] = []
    for lines in answer.body:
        found += frames(lines)
        if len(found) >= count:
            break
    answer.body.close()
    return answer.content_type, found


def test_a_watch_sends_frames_that_say_what_its_lines_say(api: Any, shapes: Any) -> None:
    start = api.post(PODS, shapes.pod("a", x="y")).json["metadata"]["resourceVersion"]
    api.patch(f"{PODS}/a", {"metadata": {"labels": {"x": "z"}}})
    api.delete(f"{PODS}/a")
    api.post(PODS, shapes.pod("b"))
    for query, count in (
        (f"resourceVersion={start}", 3),
        ("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", 2),
        (f"resourceVersion={start}&labelSelector=x=y", 1),
    ):
        media, found = watch(api, PODS, query, count=count)
        assert media == f"{TYPE};stream=watch"
        assert found == without_empty(api.watch(PODS, query, count))
        assert watch(api, PODS, query, f"{TYPE};stream=watch", count=count) == (media, found)


def test_a_watch_of_metadata_and_one_that_fails(api: Any, shapes: Any) -> None:
    api.post(PODS, shapes.pod("a"))
    _, [event] = watch(api, PODS, "resourceVersion=0", f"{TYPE};as=PartialObjectMetadata{META}")
    assert event["type"] == "ADDED" and event["object"]["kind"] == "PartialObjectMetadata"
    api.app.cache.collections["/core/pods/"].ring.forget(api.app.cache.revision)
    _, [event] = watch(api, PODS, "resourceVersion=1")
    assert event["type"] == "ERROR" and event["object"]["code"] == 410 and event["object"]["reason"] == "Expired"


def test_an_event_and_an_object_are_encoded_once_for_all(api: Any, shapes: Any, monkeypatch: Any) -> None:
    start = api.post(PODS, shapes.pod("a")).json["metadata"]["resourceVersion"]
    made: list[str] = []
    element = encoding.element
    monkeypatch.setattr(encoding, "element", lambda *of: made.append(of[0]) or element(*of))
    post = {**ACCEPT, "Content-Type": "application/merge-patch+json"}
    api.call("PATCH", f"{PODS}/a", {"metadata": {"labels": {"x": "y"}}}, headers=post)
    for _ in range(3):
        watch(api, PODS, f"resourceVersion={start}")
        api.get(f"{PODS}/a", headers=ACCEPT)
        api.get(PODS, headers=ACCEPT)

    assert made == ["k8s.io/api/core/v1.Pod"]


def test_nothing_is_encoded_before_a_client_asks(api: Any, shapes: Any) -> None:
    api.post(PODS, shapes.pod("a"))
    api.get(f"{PODS}/a")
    api.get(PODS)
    api.watch(PODS, "resourceVersion=0")

    assert all(record.forms is None for record in api.app.cache.collections["/core/pods/"].records.values())


def heavy_runs(monkeypatch: Any) -> list[str]:
    """The paths of the requests that leave the loop for a heavy thread, as they come."""
    from sampan_server.front import Front

    found: list[str] = []
    again = Front._again

    def noted(front: Front, request: Request, steps: Any) -> Any:
        found.append(request.uri)
        return again(front, request, steps)

    monkeypatch.setattr(Front, "_again", noted)
    return found


def fetch(served: Any, path: str) -> tuple[str, bytes]:
    connection = served.connect()
    connection.request("GET", path, headers=ACCEPT)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.headers["Content-Type"], data


def test_much_that_is_not_encoded_yet_leaves_the_loop_and_what_is_does_not(
    api: Any, shapes: Any, on_loop: Any, monkeypatch: Any
) -> None:
    for number in range(150):
        api.post(CMS, shapes.config_map(f"c{number:03}", x="1"))
    api.post(CMS, shapes.config_map("d", x="y" * 200_000))
    served, runs = on_loop(api), heavy_runs(monkeypatch)

    assert fetch(served, f"{CMS}?limit=50")[0] == TYPE and runs == []
    assert fetch(served, CMS)[0] == TYPE and runs == [CMS]
    _, data = fetch(served, CMS)
    assert without_empty(decoding.decode(data)) == without_empty(api.get(CMS).json) and runs == [CMS]
    api.patch(f"{CMS}/d", {"data": {"z": "1"}})
    assert decoding.decode(fetch(served, f"{CMS}/d")[1])["data"]["z"] == "1" and runs == [CMS, f"{CMS}/d"]
    fetch(served, f"{CMS}/d")
    assert runs == [CMS, f"{CMS}/d"]


def test_many_that_are_deleted_are_encoded_off_the_loop(api: Any, shapes: Any, on_loop: Any, monkeypatch: Any) -> None:
    for number in range(150):
        api.post(CMS, shapes.config_map(f"c{number:03}", x="1"))
    served, runs = on_loop(api), heavy_runs(monkeypatch)
    connection = served.connect()

    connection.request("DELETE", CMS, headers=ACCEPT)

    shown = decoding.decode(connection.getresponse().read())
    assert len(shown["items"]) == 150 and shown["kind"] == "ConfigMapList" and runs == [CMS]
    assert api.get(CMS).json["items"] == []
    connection.close()


def test_a_watch_on_the_loop_begins_with_its_media_type_and_ends_with_a_chunk(
    api: Any, shapes: Any, on_loop: Any, monkeypatch: Any
) -> None:
    for number in range(150):
        api.post(CMS, shapes.config_map(f"c{number:03}", x="1"))
    served, runs = on_loop(api), heavy_runs(monkeypatch)

    query = "watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    media, data = fetch(served, f"{CMS}?{query}")

    found = frames(data)
    assert media == f"{TYPE};stream=watch" and len(runs) == 1
    assert [event["type"] for event in found] == ["ADDED"] * 150 + ["BOOKMARK"]
    assert [event["object"] for event in found[:150]] == [
        {"kind": "ConfigMap", "apiVersion": "v1", **item} for item in without_empty(api.get(CMS).json)["items"]
    ]


def test_many_events_of_the_past_are_encoded_off_the_loop_and_once(
    api: Any, shapes: Any, on_loop: Any, monkeypatch: Any
) -> None:
    start = api.post(CMS, shapes.config_map("a")).json["metadata"]["resourceVersion"]
    for number in range(120):
        api.post(CMS, shapes.config_map(f"c{number:03}", x="1"))
    served, runs = on_loop(api), heavy_runs(monkeypatch)

    def watched() -> list[dict[str, Any]]:
        return frames(fetch(served, f"{CMS}?watch=1&timeoutSeconds=1&resourceVersion={start}")[1])

    assert [event["type"] for event in watched()] == ["ADDED"] * 120 and len(runs) == 1
    assert len(watched()) == 120 and len(runs) == 1


def test_a_watch_whose_client_takes_yaml_too_is_in_protobuf(api: Any, shapes: Any, on_loop: Any) -> None:
    api.post(CMS, shapes.config_map("a"))
    served = on_loop(api)
    connection = served.connect()

    connection.request("GET", f"{CMS}?watch=1&timeoutSeconds=1", headers={"Accept": f"{TYPE},application/yaml"})

    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (200, f"{TYPE};stream=watch")
    assert frames(answer.read())[0]["object"]["metadata"]["name"] == "a"
    connection.close()


def test_discovery_has_no_other_forms(api: Any) -> None:
    for accept in (f"{TYPE};as=Table{META}", f"{TYPE};stream=other", "application/json;v=v1"):
        refused = api.get("/apis", headers={"Accept": accept})
        assert refused.status_code == 406 and refused.json["reason"] == "NotAcceptable"


def test_a_protobuf_watch_is_told_in_protobuf_that_the_history_is_lost(api: Any, shapes: Any) -> None:
    from sampan.errors import Expired
    from sampan_server.read.selecting import Selection
    from sampan_server.watch.watcher import View

    served = api.app.registry.find("", "v1", "pods")
    [event] = frames(View(Selection(served, "", "", ""), negotiation.PROTOBUF, "", 0).error(Expired("gone")))

    assert event["type"] == "ERROR" and event["object"]["code"] == 410


@pytest.mark.parametrize(
    ("accept", "protobuf_form", "expected"),
    [
        (TYPE, True, negotiation.PROTOBUF),
        (f"{TYPE},application/json", True, negotiation.PROTOBUF),
        (f"application/json,{TYPE}", True, negotiation.JSON),
        (f"application/json;q=0.5,{TYPE};q=0.6", True, negotiation.PROTOBUF),
        (f"*/*,{TYPE};q=0.1", True, negotiation.PROTOBUF),  # as goautoneg sorts
        (f"{TYPE},application/json", False, negotiation.JSON),
        (f"{TYPE};stream=watch", True, negotiation.PROTOBUF),
        (f"{TYPE};stream=other,application/json", True, negotiation.JSON),
        (f"{TYPE};as=Table{META},application/json", True, negotiation.JSON),
        (f"{TYPE};as=PartialObjectMetadata{META}", False, negotiation.Form("partial", "v1", True)),
        (f"{TYPE};as=Nothing{META},*/*", True, negotiation.JSON),
        (f"{TYPE};v=v1,application/json", True, negotiation.JSON),
    ],
)
def test_the_first_range_that_can_be_met_counts(accept: str, protobuf_form: bool, expected: negotiation.Form) -> None:
    assert negotiation.form(accept, protobuf=protobuf_form) == expected
