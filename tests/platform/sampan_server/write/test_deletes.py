"""Deleting: grace, finalizers, preconditions, propagation, collections."""

from __future__ import annotations

from typing import Any

import pytest

PODS = "/api/v1/namespaces/default/pods"
CMS = "/api/v1/namespaces/default/configmaps"


def test_a_running_pod_goes_in_two_steps(api: Any, shapes: Any) -> None:
    api.post(PODS, shapes.pod("a", node="n1"))

    first = api.delete(f"{PODS}/a")
    assert first.status_code == 200 and first.json["kind"] == "Pod"
    meta = first.json["metadata"]
    assert meta["deletionTimestamp"] and meta["deletionGracePeriodSeconds"] == 30 and meta["generation"] == 2
    shorter = api.delete(f"{PODS}/a", {"gracePeriodSeconds": 5}).json["metadata"]
    assert shorter["deletionGracePeriodSeconds"] == 5
    longer = api.delete(f"{PODS}/a", {"gracePeriodSeconds": 60}).json["metadata"]
    assert longer["deletionGracePeriodSeconds"] == 5
    api.delete(f"{PODS}/a", query_string="gracePeriodSeconds=0")
    assert api.get(f"{PODS}/a").status_code == 404


def test_a_pod_without_node_goes_at_once(api: Any, shapes: Any) -> None:
    api.post(PODS, shapes.pod("a"))
    api.delete(f"{PODS}/a")
    assert api.get(f"{PODS}/a").status_code == 404


def test_finalizers_hold_until_the_last_is_taken_away(api: Any, shapes: Any) -> None:
    held = shapes.config_map("a")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    api.post(CMS, held)

    waiting = api.delete(f"{CMS}/a")
    assert waiting.json["kind"] == "ConfigMap" and waiting.json["metadata"]["deletionTimestamp"]
    more = api.patch(f"{CMS}/a", {"metadata": {"finalizers": ["example.com/hold", "example.com/late"]}})
    assert more.status_code == 422
    api.patch(f"{CMS}/a", {"metadata": {"finalizers": None}})
    assert api.get(f"{CMS}/a").status_code == 404


def test_preconditions_are_kept(api: Any, shapes: Any) -> None:
    uid = api.post(CMS, shapes.config_map("a")).json["metadata"]["uid"]

    assert api.delete(f"{CMS}/a", {"preconditions": {"uid": "x"}}).status_code == 409
    assert api.delete(f"{CMS}/a", {"preconditions": {"resourceVersion": "1"}}).status_code == 409
    assert api.delete(f"{CMS}/a", {"preconditions": {"uid": uid}}).status_code == 200


def test_propagation_leaves_its_finalizer(api: Any, shapes: Any) -> None:
    for name, policy, finalizer in (("a", "Foreground", "foregroundDeletion"), ("b", "Orphan", "orphan")):
        api.post(CMS, shapes.config_map(name))
        assert api.delete(f"{CMS}/{name}", {"propagationPolicy": policy}).json["metadata"]["finalizers"] == [finalizer]
    api.post(CMS, shapes.config_map("c"))
    assert api.delete(f"{CMS}/c", {"propagationPolicy": "Sometimes"}).status_code == 422
    assert api.delete(f"{CMS}/c", {"propagationPolicy": "Orphan", "orphanDependents": True}).status_code == 422
    assert api.delete(f"{CMS}/c", query_string="propagationPolicy=Background").json["status"] == "Success"


def test_a_dry_run_leaves_everything(api: Any, shapes: Any) -> None:
    api.post(CMS, shapes.config_map("a"))
    before = api.app.cache.store.revision()

    assert api.delete(f"{CMS}/a", query_string="dryRun=All").status_code == 200
    assert api.post(CMS, shapes.config_map("b"), query_string="dryRun=All").status_code == 201
    assert api.patch(f"{CMS}/a", {"data": {"x": "y"}}, query_string="dryRun=All").json["data"] == {"x": "y"}
    assert api.post(CMS, shapes.config_map("b"), query_string="dryRun=Some").status_code == 422
    assert api.app.cache.store.revision() == before


def test_a_collection_goes_by_selector(api: Any, shapes: Any) -> None:
    for name in ("a", "b", "c"):
        api.post(PODS, shapes.pod(name, which="x" if name == "c" else "y"))

    api.delete(PODS, query_string="labelSelector=which=y")

    assert [item["metadata"]["name"] for item in api.get(PODS).json["items"]] == ["c"]


def test_preconditions_may_stand_in_the_query_where_there_is_no_body(api: Any, shapes: Any) -> None:
    old = api.post(CMS, shapes.config_map("a")).json["metadata"]["resourceVersion"]
    new = api.patch(f"{CMS}/a", {"data": {"x": "y"}}).json["metadata"]["resourceVersion"]

    assert api.delete(f"{CMS}/a", query_string="uid=other").status_code == 409
    assert api.delete(f"{CMS}/a", query_string=f"resourceVersion={old}").status_code == 409
    assert api.delete(CMS, query_string=f"resourceVersion={old}").status_code == 409
    assert api.delete(f"{CMS}/a", query_string=f"resourceVersion={new}").status_code == 200


def test_a_collection_of_a_version_is_shown_as_it_was(api: Any, shapes: Any) -> None:
    old = api.post(CMS, shapes.config_map("a")).json["metadata"]["resourceVersion"]
    api.patch(f"{CMS}/a", {"data": {"x": "y"}})

    shown = api.delete(CMS, {}, query_string=f"resourceVersion={old}").json["items"]

    assert [each.get("data") for each in shown if each["metadata"]["name"] == "a"] == [None]
    assert api.get(f"{CMS}/a").status_code == 404


FIELD = "into Go struct field"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "couldn't get version/kind; json parse error: unexpected end of JSON input"),
        (
            b'{"kind":1}',
            f"couldn't get version/kind; json parse error: json: cannot unmarshal number {FIELD} .kind of type string",
        ),
        (
            b'{"preconditions":[]}',
            f"json: cannot unmarshal array {FIELD} DeleteOptions.preconditions of type v1.Preconditions",
        ),
        (b'{"dryRun":"All"}', f"json: cannot unmarshal string {FIELD} DeleteOptions.dryRun of type []string"),
        (b'{"kind":"Pod"}', 'no kind "Pod" is registered for this resource'),
    ],
)
def test_options_that_are_none_are_told_so(api: Any, body: bytes, told: str) -> None:
    for path in (f"{PODS}/a", PODS):
        refused = api.delete(path, body)
        assert (refused.status_code, refused.json["message"]) == (400, told)


def test_options_may_be_null_or_of_any_group(api: Any) -> None:
    assert api.delete(f"{PODS}/a", b"null").status_code == 404
    assert api.delete(f"{PODS}/a", {"apiVersion": "foo/v1", "kind": "DeleteOptions"}).status_code == 404
