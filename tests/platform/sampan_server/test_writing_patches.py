"""Patches of the three older kinds: what they change, and what they are refused for."""

from __future__ import annotations

from typing import Any

import pytest

CMS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@pytest.mark.parametrize(
    ("how", "patch"),
    [
        ("merge-patch+json", {"spec": {"template": {"metadata": {"labels": {"x": "y"}}}}}),
        ("strategic-merge-patch+json", {"spec": {"template": {"metadata": {"labels": {"x": "y"}}}}}),
        ("json-patch+json", [{"op": "add", "path": "/spec/template/metadata/labels/x", "value": "y"}]),
    ],
)
def test_three_kinds_of_patch(api: Any, shapes: Any, how: str, patch: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    done = api.patch(f"{DEPLOYMENTS}/a", patch, how)
    assert done.status_code == 200 and done.json["spec"]["template"]["metadata"]["labels"] == {"app": "a", "x": "y"}


def test_a_strategic_patch_merges_containers_by_name(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    change = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "x"}]}}}}
    done = api.patch(f"{DEPLOYMENTS}/a", change, "strategic-merge-patch+json")
    assert {each["name"] for each in done.json["spec"]["template"]["spec"]["containers"]} == {"main", "side"}


def test_a_strategic_patch_may_hold_whole_floats_and_other_patches_may_not(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    where, change = f"{DEPLOYMENTS}/a", {"spec": {"replicas": 2.0}}
    assert api.patch(where, change, "strategic-merge-patch+json").json["spec"]["replicas"] == 2
    scaled = api.patch(f"{where}/scale", {"spec": {"replicas": 3.0}}, "strategic-merge-patch+json")
    assert scaled.json["spec"]["replicas"] == 3

    broken = api.patch(where, {"spec": {"replicas": 2.5}}, "strategic-merge-patch+json")
    assert broken.status_code == 422
    assert broken.json["message"].startswith(' "" is invalid: patch: Invalid value: "map[spec:map[replicas:2.5]]": ')
    assert broken.json["details"]["causes"][0]["field"] == "patch"
    for how in ("merge-patch+json", "json-patch+json"):
        sent = change if how[0] == "m" else [{"op": "replace", "path": "/spec/replicas", "value": 2.0}]
        refused = api.patch(where, sent, how)
        assert refused.status_code == 422 and "DeploymentSpec.spec.replicas of type int32" in refused.json["message"]
        assert api.patch(f"{where}/scale", sent, how).status_code == 422


def test_a_patch_that_names_a_field_twice_or_an_unknown_one_is_told(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    where, change = f"{DEPLOYMENTS}/a", b'{"spec":{"paused":true,"paused":false,"nope":1}}'
    warned = api.patch(where, change, "merge-patch+json")
    assert 'duplicate field \\"spec.paused\\"' in warned.headers["warning"]
    refused = api.patch(where, change, "merge-patch+json", query_string="fieldValidation=Strict")
    assert refused.status_code == 422
    assert refused.json["message"].endswith('error: duplicate field "spec.paused", unknown field "spec.nope"')
    operation = [{"op": "add", "path": "/spec/paused", "value": True, "x": 1}]
    warned = api.patch(where, operation, "json-patch+json")
    assert 'json patch unknown field \\"[0].x\\"' in warned.headers["warning"]


@pytest.mark.parametrize("depth", [150, 500, 960])
@pytest.mark.parametrize("how", ["strategic-merge-patch+json", "merge-patch+json"])
def test_a_deep_patch_is_no_fault_of_the_server(api: Any, shapes: Any, how: str, depth: int) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    patch = b'{"spec":' + b'{"a":' * depth + b"1.0" + b"}" * depth + b"}"
    for query in ("", "fieldValidation=Strict"):
        assert api.patch(f"{DEPLOYMENTS}/a", patch, how, query_string=query).status_code < 500
    broken = patch.replace(b'{"spec":', b'{"metadata":{"labels":{"a":') + b"}}"
    assert api.patch(f"{DEPLOYMENTS}/a", broken, how).status_code in (400, 422)


@pytest.mark.parametrize("sub", ["", "/status"])
def test_a_patch_cannot_take_the_name_away(api: Any, shapes: Any, sub: str) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    for how, patch in (
        ("merge-patch+json", {"metadata": {"name": ""}}),
        ("strategic-merge-patch+json", {"metadata": {"name": None}}),
        ("json-patch+json", [{"op": "remove", "path": "/metadata/name"}]),
    ):
        refused = api.patch(f"{DEPLOYMENTS}/a{sub}", patch, how)
        why = "the name of the object (a based on URL) was undeterminable: name must be provided"
        assert (refused.status_code, refused.json["message"]) == (400, why)


@pytest.mark.parametrize("how", ["merge-patch+json", "strategic-merge-patch+json", "json-patch+json"])
def test_what_is_not_there_is_not_found_whatever_the_patch_is(api: Any, shapes: Any, how: str) -> None:
    assert api.patch(f"{CMS}/a", b"{", how).status_code == 404
    api.post(CMS, shapes.config_map("a"))
    assert api.patch(f"{CMS}/a", b"{", how).status_code == 400
