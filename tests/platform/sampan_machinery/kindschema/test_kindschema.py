"""One protocol for the schema of a kind, whether built-in, custom or unknown."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Kind
from sampan.errors import BadRequest, UnsupportedMediaType
from sampan_machinery.kindschema import STRATEGIC, complaints, schema_of
from sampan_machinery.kindschema.protocol import PATCH_TYPES

SPEC = {"type": "object", "properties": {"crew": {"type": "integer", "minimum": 1}, "sail": {"default": "lug"}}}
SPEC["properties"]["sail"]["type"] = "string"
BOAT = Kind(
    group="example.org", version="v1", kind="Boat", plural="boats",
    schema={"type": "object", "properties": {"spec": SPEC}},
)  # fmt: skip
POD = Kind(group="", version="v1", kind="Pod", plural="pods")
ODD = Kind(group="example.org", version="v1", kind="Odd", plural="odds")
JSON = "application/json"
NAMED = b'{"metadata":{"name":"a","namespace":"b"},"spec":{"odd":1}}'


@pytest.mark.parametrize(
    "kind, strategic, say_kind",
    [(POD, True, False), (BOAT, False, True), (ODD, False, False)],
    ids=lambda each: str(each)[:20],
)
def test_each_says_what_it_offers(kind, strategic, say_kind):
    schema = schema_of(kind)

    assert (STRATEGIC in schema.patch_types, schema.items_say_kind) == (strategic, say_kind)
    assert set(PATCH_TYPES) <= set(schema.patch_types)


@pytest.mark.parametrize("kind", [POD, BOAT], ids=["builtin", "custom"])
def test_unknown_fields_go_are_warned_of_or_refused(kind):
    schema = schema_of(kind)

    assert schema.decode(NAMED, JSON, "Ignore")[0]["spec"] == {}
    assert schema.decode(NAMED, JSON, "Warn")[1] == ['unknown field "spec.odd"']
    assert schema.prune_checked({"spec": {"odd": 1}}) == ({"spec": {}}, ['unknown field "spec.odd"'])
    with pytest.raises(BadRequest, match=r"cannot be handled as a .*: strict decoding error: unknown field"):
        schema.decode(NAMED, JSON, "Strict")


@pytest.mark.parametrize("kind", [POD, BOAT], ids=["builtin", "custom"])
def test_yaml_is_read_and_keys_given_twice_are_named(kind):
    obj, warnings = schema_of(kind).decode(b"metadata: {name: a}\nmetadata: {name: a}\n", "application/yaml", "Warn")

    assert obj == {"metadata": {"name": "a"}}
    assert warnings and "metadata" in warnings[0]


@pytest.mark.parametrize("kind", [POD, BOAT], ids=["builtin", "custom"])
def test_another_kind_in_yaml_is_refused(kind):
    with pytest.raises(BadRequest, match='no kind "Sock" is registered for this resource'):
        schema_of(kind).decode(b"kind: Sock\n", "application/yaml", "Warn")


def test_a_custom_kind_has_no_protobuf_form():
    with pytest.raises(UnsupportedMediaType, match=r"application/json, application/yaml$"):
        schema_of(BOAT).decode(b"", "application/vnd.kubernetes.protobuf", "Warn")


def test_defaults_are_the_schemas_then_the_kinds():
    boat = Kind(
        group="example.org", version="v1", kind="Boat", plural="boats", schema=BOAT.schema,
        default=lambda obj: obj["spec"].update(seen=obj["spec"]["sail"]),
    )  # fmt: skip
    obj = {"spec": {}}

    schema_of(boat).default(obj)

    assert obj == {"spec": {"sail": "lug", "seen": "lug"}}


def test_a_custom_kinds_validation_sees_only_what_fits_its_schema():
    seen = []
    boat = Kind(
        group="example.org", version="v1", kind="Boat", plural="boats", schema=BOAT.schema,
        validate=lambda obj, old: seen.append(obj) or [],
    )  # fmt: skip
    meta = {"name": "a", "namespace": "b"}

    assert [each.path for each in schema_of(boat).check({"metadata": meta, "spec": {"crew": 0}}, None)] == ["spec.crew"]
    assert seen == []
    assert schema_of(boat).check({"metadata": meta, "spec": {"crew": 1}}, None) == []
    assert len(seen) == 1


def test_finalizers_without_a_domain_are_for_built_in_kinds_to_refuse():
    obj = {"metadata": {"name": "a", "namespace": "b", "finalizers": ["mine"]}}

    assert [each.path for each in schema_of(POD).check(obj, None)][-1] == "metadata.finalizers[0]"
    assert schema_of(BOAT).check(obj, None) == []


def test_only_a_built_in_kind_answers_with_fields_that_are_not_set():
    pod, boat = {"spec": {"containers": [{"name": "c"}]}}, {"spec": {}}

    schema_of(POD).complete(pod)
    schema_of(BOAT).complete(boat)

    assert pod["spec"]["containers"][0]["resources"] == {}
    assert boat == {"spec": {}}


def test_the_status_of_a_new_object():
    pod, boat = {"status": {"phase": "Running"}}, {"status": {"at": 1}}

    schema_of(POD).reset_status(pod)
    schema_of(BOAT).reset_status(boat)

    assert (pod, boat) == ({"status": {}}, {})


def test_a_kind_without_a_schema_takes_objects_as_they_are():
    schema = schema_of(ODD)

    assert schema.node is None
    assert schema.decode(b'{"a":{"b":1}}', JSON, "Strict") == ({"a": {"b": 1}}, [])
    assert schema.prune_checked({"a": 1}) == ({"a": 1}, [])


def test_what_openapi_shows_of_a_kind():
    assert schema_of(BOAT).published == BOAT.schema
    assert (schema_of(POD).published, schema_of(ODD).published) == (None, None)


def test_what_cannot_be_used_is_said_of_the_kind():
    rules = Kind(group="", version="v1", kind="Pod", plural="pods", rules={"properties": {"spce": {}}})
    both = Kind(group="", version="v1", kind="Boat", plural="boats", schema={"type": "object"}, rules={})
    schema = Kind(group="", version="v1", kind="Boat", plural="boats", schema={"type": "odd"})

    assert list(complaints(rules)) == ["the rules of Pod: the object: 'spce' is no field of it"]
    assert list(complaints(both)) == [
        "the rules of Boat: the object: rules are a mapping, for a kind of Kubernetes' own"
    ]
    assert "the schema of Boat: the object: its type must be object" in list(complaints(schema))
    assert list(complaints(BOAT)) + list(complaints(POD)) + list(complaints(ODD)) == []
