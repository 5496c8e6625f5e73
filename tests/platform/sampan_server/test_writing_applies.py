"""Server-side apply: what it creates, merges and refuses."""

from __future__ import annotations

from typing import Any

import pytest

CMS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def test_an_apply_that_creates_takes_a_status_where_a_create_does(api: Any) -> None:
    where, how = "/api/v1/nodes/n?fieldManager=me", "apply-patch+yaml"
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"capacity": {"cpu": "4"}}}

    made = api.patch(where, body, how).json
    again = api.patch(where, {**body, "metadata": {"name": "n", "labels": {"a": "b"}}, "status": {}}, how).json

    assert made["status"]["capacity"] == again["status"]["capacity"] == {"cpu": "4"}
    assert "managedFields" not in made["metadata"]


def test_apply_creates_merges_and_conflicts(api: Any) -> None:
    config = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {mine: '1'}\n"
    first = api.patch(f"{CMS}/a", config, "apply-patch+yaml", query_string="fieldManager=one")
    assert first.status_code == 201 and first.json["metadata"]["managedFields"][0]["manager"] == "one"
    again = api.patch(f"{CMS}/a", config, "apply-patch+yaml", query_string="fieldManager=one")
    assert again.status_code == 200 and again.json == first.json

    theirs = config.replace(b"'1'", b"'2'")
    refused = api.patch(f"{CMS}/a", theirs, "apply-patch+yaml", query_string="fieldManager=two")
    assert refused.status_code == 409 and refused.json["details"]["causes"][0]["reason"] == "FieldManagerConflict"
    forced = api.patch(f"{CMS}/a", theirs, "apply-patch+yaml", query_string="fieldManager=two&force=true")
    assert forced.json["data"] == {"mine": "2"}
    assert api.patch(f"{CMS}/a", config, "apply-patch+yaml").status_code in (400, 422)


def test_an_apply_that_is_repeated_writes_nothing_though_it_holds_empty_values(
    api: Any, shapes: Any, monkeypatch: Any
) -> None:
    config = shapes.deployment("a")
    config |= {"apiVersion": "apps/v1", "kind": "Deployment"}
    config["metadata"]["labels"] = {}
    config["spec"]["template"]["spec"] |= {"tolerations": [], "nodeSelector": {}, "hostNetwork": False, "volumes": []}
    config["spec"]["template"]["spec"]["containers"][0] |= {"env": [], "args": None, "tty": False}
    where, query = f"{DEPLOYMENTS}/a", "fieldManager=one"
    first = api.patch(where, config, "apply-patch+yaml", query_string=query)
    assert first.status_code == 201, first.json
    monkeypatch.setattr("sampan_server.write.stamps.timestamp", lambda now: "2030-01-01T00:00:00Z")
    again = api.patch(where, config, "apply-patch+yaml", query_string=query)

    assert again.status_code == 200 and again.json == first.json
    assert set(again.json["spec"]["template"]["spec"]) & {"tolerations", "nodeSelector", "hostNetwork"} == set()


@pytest.mark.parametrize(
    "changed", [{"apiVersion": ""}, {"kind": ""}, {"apiVersion": "v2"}, {"kind": "Secret"}, {"apiVersion": 7}]
)
def test_an_apply_names_its_type(api: Any, changed: dict[str, Any]) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, **changed}
    refused = api.patch(f"{CMS}/a", config, "apply-patch+yaml", query_string="fieldManager=one")
    assert refused.status_code == 400 and refused.json["message"].startswith("invalid object type: /")


def test_an_apply_that_creates_names_its_object(api: Any) -> None:
    def apply(**metadata: Any) -> Any:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}
        return api.patch(f"{CMS}/a", body, "apply-patch+yaml", query_string="fieldManager=me")

    refused = apply()
    assert refused.status_code == 400 and "undeterminable: name must be provided" in refused.json["message"]
    assert apply(name="a").status_code == 201
    assert apply().status_code == 200  # what is there has its name


def test_an_apply_without_a_manager_is_invalid(api: Any) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    refused = api.patch(f"{CMS}/a", config, "apply-patch+yaml")
    assert refused.status_code == 422 and refused.json["details"]["causes"][0]["reason"] == "FieldValueRequired"


def test_keys_that_an_apply_gives_twice_are_a_warning_unless_strict(api: Any) -> None:
    config = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b, a: c}\n"
    query = "fieldManager=one"
    warned = api.patch(f"{CMS}/a", config, "apply-patch+yaml", query_string=query)
    assert warned.status_code == 201 and "already set in map" in warned.headers["warning"]
    strict = api.patch(f"{CMS}/a", config, "apply-patch+yaml", query_string=query + "&fieldValidation=Strict")
    assert strict.status_code == 400


def test_what_is_not_there_is_not_found_whatever_version_is_applied(api: Any, shapes: Any) -> None:
    body = shapes.deployment("a")
    body["metadata"]["resourceVersion"] = "a-b"
    where = f"{DEPLOYMENTS}/a/status?fieldManager=me"

    assert api.patch(where, body, "apply-patch+yaml").status_code == 404
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    assert api.patch(where, body, "apply-patch+yaml").status_code == 400


def test_what_an_apply_does_not_take_is_read_all_the_same(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}
    body["status"] = {"conditions": [{"type": "A", "status": "True", "lastUpdateTime": "soon"}]}

    refused = api.patch(f"{DEPLOYMENTS}/a?fieldManager=me", body, "apply-patch+yaml")

    assert refused.status_code == 400 and "parsing time" in refused.json["message"]


def test_an_apply_may_leave_the_name_out_and_not_empty(api: Any, shapes: Any) -> None:
    api.post(CMS, shapes.config_map("a"))
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ""}, "data": {"x": "y"}}

    refused = api.patch(f"{CMS}/a?fieldManager=me", body, "apply-patch+yaml")
    assert (refused.status_code, "name must be provided" in refused.text) == (400, True)
    body["metadata"] = {}
    assert api.patch(f"{CMS}/a?fieldManager=me", body, "apply-patch+yaml").json["data"] == {"x": "y"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "invalid object type: /, Kind="),
        (b"kind: 1", "invalid object type: /, Kind="),
        (b"[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ],
)
def test_what_is_no_configuration_is_told_so(api: Any, body: bytes, told: str) -> None:
    refused = api.patch(f"{CMS}/a?fieldManager=me", body, "apply-patch+yaml")

    assert refused.status_code == 400 and refused.json["message"].endswith(told)
