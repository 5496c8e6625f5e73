"""A kind that is not built in, served by its own schema."""

from __future__ import annotations

import json

import pytest

from sampan.contracts.kinds import Kind, Resource
from sampan.errors import BadRequest, Conflict, Invalid, UnsupportedMediaType
from sampan.hookspecs import hookimpl
from sampan_testing.cluster import start

PORTS = {
    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
    "items": {
        "type": "object", "required": ["name"],
        "properties": {"name": {"type": "string"}, "port": {"type": "integer"}},
    },
}  # fmt: skip
SPEC = {
    "type": "object", "description": "What is wanted of the boat.", "required": ["crew"],
    "properties": {
        "crew": {"type": "integer", "minimum": 1, "description": "People aboard."},
        "sail": {"type": "string", "default": "lug"},
        "ports": PORTS,
        "width": {"x-kubernetes-int-or-string": True, "nullable": True},
    },
}  # fmt: skip
STATUS = {"type": "object", "required": ["at"], "properties": {"at": {"type": "string"}}}
SCHEMA = {"type": "object", "required": ["spec"], "properties": {"spec": SPEC, "status": STATUS}}
BOATS = Resource("example.org", "v1", "boats", "Boat")


class Boats:
    @hookimpl
    def contribute_kinds(self):
        return [
            Kind(
                group="example.org", version="v1", kind="Boat", plural="boats", schema=SCHEMA, status=True,
                generation=True, validate=lambda new, old: [][new["spec"]["crew"] - new["spec"]["crew"] :],
            )
        ]  # fmt: skip


@pytest.fixture(scope="module")
def cluster():
    with start({"boats": Boats()}, only=("namespaces",), control=False) as running:
        yield running


@pytest.fixture
def client(cluster):
    yield cluster.client
    cluster.client.delete_collection(BOATS, "default")


def boat(**spec):
    return {"metadata": {"name": "a"}, "spec": {"crew": 1, **spec}}


def test_defaults_are_filled_in_and_unknown_fields_go(client):
    made = client.create(BOATS, boat(odd=1), "default")

    assert made["spec"] == {"crew": 1, "sail": "lug"}
    assert "status" not in made


def test_what_breaks_the_schema_is_refused_with_its_path_before_the_kinds_own_validation(client):
    with pytest.raises(Invalid) as caught:
        client.create(BOATS, boat(crew="many"), "default")

    assert caught.value.message == (
        'Boat.example.org "a" is invalid: spec.crew: Invalid value: "string": '
        'spec.crew in body must be of type integer: "string"'
    )
    assert caught.value.causes[0].reason == "FieldValueTypeInvalid"


def post(client, body, query="", media="application/json"):
    return client.request(
        "POST", "/apis/example.org/v1/namespaces/default/boats" + query, body=body, headers={"Content-Type": media}
    )


def test_unknown_and_doubled_fields_are_warned_of_or_refused(client):
    body = json.dumps({"apiVersion": "example.org/v1", "kind": "Boat", **boat(odd=1)}).encode()

    with pytest.raises(BadRequest, match=r'strict decoding error: unknown field "spec\.odd"'):
        post(client, body, "?fieldValidation=Strict")
    answer = post(client, body)
    assert answer.headers["warning"] == '299 - "unknown field \\"spec.odd\\""'


def test_yaml_is_read_and_protobuf_is_not(client):
    assert post(client, b"metadata: {name: yawl}\nspec: {crew: 2}\n", media="application/yaml").status == 201
    with pytest.raises(UnsupportedMediaType):
        post(client, b"k8s\x00", media="application/vnd.kubernetes.protobuf")


def test_strategic_merge_is_not_offered_and_merge_is(client):
    client.create(BOATS, boat(), "default")

    with pytest.raises(UnsupportedMediaType, match="merge-patch"):
        client.patch(BOATS, "a", {"spec": {"crew": 2}}, "default", how="strategic")
    assert client.patch(BOATS, "a", {"spec": {"crew": 2, "odd": 1}}, "default")["spec"] == {"crew": 2, "sail": "lug"}


def test_apply_merges_lists_by_their_keys(client):
    def apply(manager, *ports, **more):
        config = {"apiVersion": "example.org/v1", "kind": "Boat", **boat(ports=list(ports))}
        return client.patch(BOATS, "a", config, "default", how="apply", field_manager=manager, **more)

    apply("one", {"name": "bow", "port": 1})
    both = apply("two", {"name": "stern", "port": 2})

    assert both["spec"]["ports"] == [{"name": "bow", "port": 1}, {"name": "stern", "port": 2}]
    with pytest.raises(Conflict, match=r'conflict with "one".*\.spec\.ports\[name="bow"\]\.port'):
        apply("two", {"name": "bow", "port": 3})
    with pytest.raises(BadRequest, match=r"\.spec\.odd: field not declared in schema"):
        config = {"apiVersion": "example.org/v1", "kind": "Boat", **boat(odd=1)}
        client.patch(BOATS, "a", config, "default", how="apply", field_manager="x")


def test_the_status_is_apart_and_checked_too(client):
    made = client.create(BOATS, boat(), "default")

    with pytest.raises(Invalid, match=r"status\.at: Required value"):
        client.update(BOATS, {**made, "status": {}}, subresource="status")
    there = client.update(BOATS, {**made, "status": {"at": "sea"}}, subresource="status")
    assert (there["status"], there["metadata"]["generation"]) == ({"at": "sea"}, 1)


def test_openapi_tells_of_it_in_both_versions(client):
    third = json.loads(client.request("GET", "/openapi/v3/apis/example.org/v1").body)
    second = json.loads(client.request("GET", "/openapi/v2").body)

    new, old = third["components"]["schemas"]["org.example.v1.Boat"], second["definitions"]["org.example.v1.Boat"]
    mark = [{"group": "example.org", "kind": "Boat", "version": "v1"}]
    assert new["x-kubernetes-group-version-kind"] == old["x-kubernetes-group-version-kind"] == mark
    assert new["properties"]["spec"]["properties"]["crew"]["description"] == "People aboard."
    assert new["properties"]["spec"]["properties"]["ports"]["x-kubernetes-list-map-keys"] == ["name"]
    assert "anyOf" in new["properties"]["spec"]["properties"]["width"]
    assert old["properties"]["spec"]["properties"]["width"] == {"x-kubernetes-int-or-string": True}
    assert "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" in third["components"]["schemas"]
    assert "org.example.v1.BoatList" in third["components"]["schemas"]
    patch = third["paths"]["/apis/example.org/v1/namespaces/{namespace}/boats/{name}"]["patch"]
    assert "application/strategic-merge-patch+json" not in patch["requestBody"]["content"]


MASTS = Resource("example.org", "v1", "masts", "Mast")
MAST_SPEC = {
    "type": "object",
    "properties": {"height": {"type": "integer"}, "sails": {"type": "array", "items": {"type": "string"}}},
    "x-kubernetes-validations": [
        {"rule": "!has(self.sails) || self.sails.size() <= self.height", "message": "a sail needs a metre of mast"},
        {"rule": "self.height >= oldSelf.height", "messageExpression": "'it was ' + string(oldSelf.height)"},
    ],
}


class Masts:
    @hookimpl
    def contribute_kinds(self):
        schema = {"type": "object", "properties": {"spec": MAST_SPEC}}
        return [Kind(group="example.org", version="v1", kind="Mast", plural="masts", schema=schema)]


def test_validation_rules_are_run_on_creates_and_updates():
    with start({"masts": Masts()}, only=("namespaces",), control=False) as cluster:
        client = cluster.client
        made = client.create(MASTS, {"metadata": {"name": "m"}, "spec": {"height": 2, "sails": ["lug"]}}, "default")

        with pytest.raises(Invalid) as created:
            client.create(MASTS, {"metadata": {"name": "n"}, "spec": {"height": 0, "sails": ["lug"]}}, "default")
        with pytest.raises(Invalid) as updated:
            client.patch(MASTS, "m", {"spec": {"height": 1}}, "default")
        client.patch(MASTS, "m", {"spec": {"height": 3}}, "default")

    assert made["spec"]["height"] == 2
    assert [(each.field, each.message) for each in created.value.causes] == [
        ("spec", "Invalid value: a sail needs a metre of mast")
    ]
    assert "it was 2" in updated.value.message


def test_a_rule_that_cannot_be_compiled_keeps_the_kind_from_being_served():
    class Bad:
        @hookimpl
        def contribute_kinds(self):
            spec = {"type": "object", "x-kubernetes-validations": [{"rule": "self.nothing > 1"}]}
            schema = {"type": "object", "properties": {"spec": spec}}
            return [Kind(group="example.org", version="v1", kind="Mast", plural="masts", schema=schema)]

    with pytest.raises(AssertionError, match="undefined field 'nothing'"):
        start({"bad": Bad()}, only=("namespaces",), control=False).__enter__()
