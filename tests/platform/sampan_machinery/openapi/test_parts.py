"""What another server's document adds to ours."""

import json

import pytest

from sampan.contracts.kinds import Kind
from sampan_machinery.openapi import Documents, parts
from sampan_machinery.openapi.descriptions import Given
from sampan_machinery.openapi.documents import Other
from sampan_machinery.schema import load

META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
POD = Kind(group="", version="v1", kind="Pod", plural="pods")


def ref(name):
    return {"$ref": f"#/definitions/{name}"}


def document(group="g.example", thing=None, name="example.Thing"):
    mark = {"group": group, "kind": "Thing", "version": "v1"}
    schema = {"type": "object", "properties": {"metadata": ref(META), "below": ref("example.Below")}, **(thing or {})}
    operation = {
        "parameters": [{"$ref": "#/parameters/body-1"}, {"in": "query", "name": "q", "type": "string"}],
        "responses": {"200": {"description": "OK", "schema": ref(name)}},
    }
    return {
        "swagger": "2.0",
        "paths": {f"/apis/{group}/v1/things": {"get": operation}, f"/apis/{group}/v10/x": {"get": operation}},
        "parameters": {"body-1": {"in": "body", "name": "body", "schema": ref(name)}},
        "definitions": {
            name: schema, META: {"type": "object"}, "example.Below": {"type": "string"},
            "example.Marked": {"type": "object", "x-kubernetes-group-version-kind": [mark]},
            "example.Unused": {"type": "object"},
        },
    }  # fmt: skip


def part(value, known=(META,), earlier=None, group="g.example"):
    return parts.part_of(json.dumps(value).encode(), group, "v1", known, earlier)


def test_only_what_concerns_the_group_version_is_taken():
    found = part(document())

    assert list(found.paths) == ["/apis/g.example/v1/things"]
    assert set(found.definitions) == {"example.Thing", "example.Below", "example.Marked"}
    assert found.ours == {META}


def test_shared_parameters_are_written_out():
    operation = part(document()).paths["/apis/g.example/v1/things"]["get"]

    assert operation["parameters"][0] == {"in": "body", "name": "body", "schema": ref("example.Thing")}


def test_a_name_that_is_taken_gets_a_suffix_and_references_follow():
    found = part(document(), known=(META, "example.Thing"))

    assert "example.Thing_v2" in found.definitions
    assert found.paths["/apis/g.example/v1/things"]["get"]["responses"]["200"]["schema"] == ref("example.Thing_v2")


def test_two_servers_share_what_is_equal_in_both():
    first = part(document())
    second = part(document("h.example", {"type": "string"}), earlier=first.definitions, group="h.example")

    assert {"example.Below", "example.Thing_v2"} <= set(second.definitions)


def test_machinery_that_we_do_not_have_comes_along():
    assert META in part(document(), known=()).definitions


def test_the_extract_makes_the_same_part():
    extract = parts.extract(json.dumps(document()).encode(), "g.example", "v1")

    assert parts.part_of(extract, "g.example", "v1", (META,)) == part(document())


@pytest.mark.parametrize(
    "wrong",
    [7, [], {"paths": 7}, {"paths": {"/apis/g.example/v1/x": {"get": 7}}}, document(thing={"properties": 7}),
     document(thing={"allOf": [ref("missing")]}), {"definitions": {"a": 7}}],
)  # fmt: skip
def test_what_is_no_such_document_is_refused(wrong):
    with pytest.raises(ValueError, match="no OpenAPI v2 document"):
        part(wrong)


def test_both_forms_of_the_whole_document_have_it():
    own = Documents([POD], load(), Given({}))
    found = own.joined([Other("g.example", "v1", parts.extract(json.dumps(document()).encode(), "g.example", "v1"))])
    made = json.loads(found.v2())

    assert {"/api/v1/pods", "/apis/g.example/v1/things"} <= set(made["paths"])
    assert {META, "example.Thing"} <= set(made["definitions"])
    assert made["definitions"][META] == json.loads(own.v2())["definitions"][META]
    assert b"example.Thing" in found.v2_protobuf()
    assert found.etag("v2") != own.etag("v2")
    assert found.etag("api/v1") == own.etag("api/v1")
