"""Lists, pages, selectors, forms."""

from __future__ import annotations

import gzip
import threading
from typing import Any

import pytest
import yaml

from sampan.contracts.kinds import Kind
from sampan.contracts.store import Put
from sampan_memory.store import MemoryStore

PODS = "/api/v1/namespaces/default/pods"
CMS = "/api/v1/namespaces/default/configmaps"


def names(answer: Any) -> list[str]:
    return [item["metadata"]["name"] for item in answer.json["items"]]


@pytest.fixture
def full(api: Any, shapes: Any) -> Any:
    for number in range(10):
        api.post(PODS, shapes.pod(f"p{number}", node=f"n{number % 2}", app="web", parity=str(number % 2)))
    api.post("/api/v1/namespaces/other/pods", shapes.pod("q", app="web"))
    return api


def test_pages_follow_each_other_at_one_revision(full: Any, shapes: Any) -> None:
    first = full.get(PODS, query_string="limit=4").json
    full.post(PODS, shapes.pod("p35"))
    second = full.get(PODS, query_string=f"limit=4&continue={first['metadata']['continue']}").json
    third = full.get(PODS, query_string=f"limit=4&continue={second['metadata']['continue']}").json

    assert first["metadata"]["remainingItemCount"] == 6 and second["metadata"]["remainingItemCount"] == 2
    assert {page["metadata"]["resourceVersion"] for page in (first, second, third)} == {
        first["metadata"]["resourceVersion"]
    }
    shown = [item["metadata"]["name"] for page in (first, second, third) for item in page["items"]]
    assert shown == [f"p{number}" for number in range(10)]
    assert "continue" not in third["metadata"] and "remainingItemCount" not in third["metadata"]


def test_a_token_too_old_brings_one_to_go_on_with(full: Any, shapes: Any) -> None:
    first = full.get(PODS, query_string="limit=4").json["metadata"]
    full.post(PODS, shapes.pod("p99"))
    full.app.cache.store.compact(full.app.cache.revision)

    late = full.get(PODS, query_string=f"limit=4&continue={first['continue']}")
    assert late.status_code == 410 and late.json["reason"] == "Expired"
    rest = full.get(PODS, query_string=f"limit=4&continue={late.json['metadata']['continue']}").json

    assert [item["metadata"]["name"] for item in rest["items"]] == ["p4", "p5", "p6", "p7"]
    assert (
        rest["metadata"]["resourceVersion"] != first["resourceVersion"] and rest["metadata"]["remainingItemCount"] == 3
    )


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        (PODS, "labelSelector=parity=1", ["p1", "p3", "p5", "p7", "p9"]),
        (PODS, "labelSelector=parity%20in%20(1),app", ["p1", "p3", "p5", "p7", "p9"]),
        (PODS, "labelSelector=app!=web", []),
        (PODS, "fieldSelector=metadata.name=p3", ["p3"]),
        (PODS, "fieldSelector=metadata.name!=p3,spec.nodeName=n1", ["p1", "p5", "p7", "p9"]),
        (PODS, "fieldSelector=metadata.namespace=other", []),
        ("/api/v1/pods", "fieldSelector=spec.nodeName=", ["q"]),
        ("/api/v1/pods", "fieldSelector=metadata.namespace=other", ["q"]),
        (PODS, "labelSelector=parity=1&limit=2", ["p1", "p3"]),
    ],
)
def test_selectors_choose(full: Any, path: str, query: str, expected: list[str]) -> None:
    assert names(full.get(path, query_string=query)) == expected


@pytest.mark.parametrize("query", ["labelSelector=parity=0", "fieldSelector=spec.nodeName=n0"])
def test_a_full_page_of_selected_objects_says_more_where_any_object_follows(full: Any, shapes: Any, query: str) -> None:
    first = full.get(PODS, query_string=f"{query}&limit=5").json
    full.post(PODS, shapes.pod("p99"))  # the rest is read from the store
    rest = full.get(PODS, query_string=f"{query}&limit=5&continue={first['metadata']['continue']}").json

    assert len(first["items"]) == 5 and "remainingItemCount" not in first["metadata"]  # p8, and p9 follows
    assert rest["items"] == [] and "continue" not in rest["metadata"]


def test_a_full_page_that_ends_with_the_last_object_is_the_last_one(full: Any) -> None:
    for query in ("labelSelector=parity=1&limit=5", "fieldSelector=metadata.name=p3&limit=1"):
        assert "continue" not in full.get(PODS, query_string=query).json["metadata"]

    first = full.get(PODS, query_string="labelSelector=parity=1&limit=3").json["metadata"]
    full.delete(f"{PODS}/p0", {"gracePeriodSeconds": 0})
    rest = full.get(PODS, query_string=f"labelSelector=parity=1&limit=2&continue={first['continue']}")

    assert names(rest) == ["p7", "p9"] and "continue" not in rest.json["metadata"]


def test_a_list_as_of_a_revision_shows_that_revision(full: Any) -> None:
    then = full.get(PODS).json["metadata"]["resourceVersion"]
    full.delete(f"{PODS}/p0", {"gracePeriodSeconds": 0})

    old = full.get(PODS, query_string=f"resourceVersion={then}&resourceVersionMatch=Exact")

    assert "p0" in names(old) and old.json["metadata"]["resourceVersion"] == then
    assert "p0" not in names(full.get(PODS, query_string="resourceVersion=0"))


def test_tables_and_partial_metadata_are_given_to_who_wants_them(full: Any) -> None:
    table = full.get(PODS, headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}).json
    assert table["kind"] == "Table" and len(table["rows"]) == 10 and table["columnDefinitions"][0]["name"] == "Name"
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"

    partial = full.get(
        PODS, headers={"Accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}
    ).json
    assert partial["kind"] == "PartialObjectMetadataList" and "spec" not in partial["items"][0]
    one = full.get(
        f"{PODS}/p1", headers={"Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}
    ).json
    assert one["kind"] == "PartialObjectMetadata" and one["metadata"]["name"] == "p1"


def test_a_big_list_is_compressed_and_kept_until_something_changes(api: Any, shapes: Any) -> None:
    for number in range(40):
        api.post(CMS, shapes.config_map(f"c{number:02}", text="x" * 10_000))

    packed = api.get(CMS, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.content) == api.get(CMS).content == api.get(CMS).content
    api.delete(f"{CMS}/c00")
    assert len(api.get(CMS).json["items"]) == 39


def test_items_of_a_typed_list_are_without_kind_and_version(api: Any) -> None:
    for name in ("a", "b"):
        api.post(CMS, {"metadata": {"name": name}})
    listed = api.get(CMS)
    assert [item["metadata"]["name"] for item in listed.json["items"]] == ["a", "b"]
    assert not any({"kind", "apiVersion"} & item.keys() for item in listed.json["items"])
    assert api.get(f"{CMS}/a").json["kind"] == "ConfigMap"


def test_a_watch_of_one_object_is_a_get(api: Any) -> None:
    made = api.post(CMS, {"metadata": {"name": "a"}}).json
    assert api.get(f"{CMS}/a", query_string="watch=true").json == made
    assert api.get(f"{CMS}/b", query_string="watch=1").status_code == 404


def test_yaml_is_answered_to_who_prefers_it(api: Any) -> None:
    data = {
        "plain": "v",
        "word": "on",
        "number": "1e3",
        "lines": "a\nb: c\n",
        "odd": "- {x: 'y'} # é\x85\u2028",
        "empty": "",
    }
    made = api.post(CMS, {"metadata": {"name": "a"}, "data": data}).json
    for accept in ("application/yaml", "application/yaml;q=0.9,application/json;q=0.5"):
        answer = api.get(f"{CMS}/a", headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/yaml"
        assert yaml.safe_load(answer.content) == made and b"apiVersion: v1" in answer.content
    assert yaml.safe_load(api.get(CMS, headers={"Accept": "application/yaml"}).content)["kind"] == "ConfigMapList"
    assert yaml.safe_load(api.get(f"{CMS}/b", headers={"Accept": "application/yaml"}).content)["code"] == 404
    assert api.get(f"{CMS}/a", headers={"Accept": "application/json,application/yaml"}).json == made
    assert api.get(CMS, query_string="watch=true", headers={"Accept": "application/yaml"}).status_code == 406


def test_an_empty_namespace_is_no_namespace(api: Any) -> None:
    assert api.get("/api/v1/namespaces//configmaps").status_code == 404


def test_an_object_that_was_stored_in_another_form_is_an_item_as_well(api: Any) -> None:
    api.post(CMS, {"metadata": {"name": "a"}})
    odd = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"resourceVersion":"","name":"b"}}'
    revision = api.app.cache.store.commit(Put("/core/configmaps/default/b", odd, 0))
    assert api.app.cache.wait(revision)
    for limit in ("", "limit=1"):
        items = api.get(CMS, query_string=limit).json["items"]
        assert [item["metadata"]["name"] for item in items] == (["a"] if limit else ["a", "b"])
        assert not any({"kind", "apiVersion"} & item.keys() for item in items)
    continued = api.get(CMS, query_string="limit=1").json["metadata"]["continue"]
    api.post(CMS, {"metadata": {"name": "c"}})
    items = api.get(CMS, query_string=f"limit=5&continue={continued}").json["items"]
    assert [(item["metadata"]["name"], "kind" in item) for item in items] == [("b", False)]


def test_lists_of_custom_kinds_always_have_a_continue(make_api: Any) -> None:
    kind = Kind(group="a.example", version="v1", kind="Boat", plural="boats", schema={"type": "object"})
    api, where = make_api(kind), "/apis/a.example/v1/namespaces/default/boats"
    partial = {"Accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}

    assert api.get(where).json["metadata"]["continue"] == ""
    assert api.delete(where).json["metadata"]["continue"] == ""
    assert "continue" not in api.get(where, headers=partial).json["metadata"]
    assert "continue" not in api.get("/api/v1/namespaces/default/configmaps").json["metadata"]


def test_what_a_custom_kind_has_not_is_said_by_its_own_handler(make_api: Any) -> None:
    kind = Kind(group="a.example", version="v1", kind="Boat", plural="boats", schema={"type": "object"},
                deprecated="boats are old")  # fmt: skip
    api, where = make_api(kind), "/apis/a.example/v1/namespaces/default/boats"

    other, plain = api.get(f"{where}/b/sails"), api.get(where, headers={"Accept": "text/plain"})

    assert (other.status_code, other.json["message"]) == (404, 'boats.a.example "b" not found')
    assert plain.status_code == 406 and plain.json["message"].startswith("only the following media types")
    assert other.headers["Warning"] == plain.headers["Warning"] == '299 - "boats are old"'


def test_a_list_of_a_former_state_leaves_the_loop(make: Any, on_loop: Any, shapes: Any) -> None:
    """The store reads its disk for it, or asks over the network."""
    store = MemoryStore()
    api = make(store=store)
    server = on_loop(api)
    threads: list[str] = []
    page = store.page

    def noted(*args: Any, **more: Any) -> Any:
        threads.append(threading.current_thread().name)
        return page(*args, **more)

    then = api.post(CMS, shapes.config_map("a")).json["metadata"]["resourceVersion"]
    api.post(CMS, shapes.config_map("b"))
    store.page = noted
    query = f"resourceVersion={then}&resourceVersionMatch=Exact"

    status, found = server.ask("GET", f"{CMS}?{query}")
    assert status == 200 and [item["metadata"]["name"] for item in found["items"]] == ["a"]
    status, first = server.ask("GET", f"{CMS}?limit=1")
    api.post(CMS, shapes.config_map("c"))
    rest = server.ask("GET", f"{CMS}?limit=1&continue={first['metadata']['continue']}")[1]
    assert [item["metadata"]["name"] for item in rest["items"]] == ["b"]
    assert server.ask("DELETE", f"{CMS}?{query}", {"propagationPolicy": "Background"})[0] == 200

    assert len(threads) == 3 and server.server_thread.name not in threads
    assert [item["metadata"]["name"] for item in api.get(CMS).json["items"]] == ["b", "c"]
