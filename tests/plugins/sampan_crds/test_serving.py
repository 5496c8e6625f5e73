"""The kinds that a definition describes."""

import pytest
from crd_samples import complete, definition, schema, version

from sampan.contracts.kinds import Draft
from sampan.errors import MethodNotAllowed
from sampan_crds.converting import rename
from sampan_crds.serving import kinds_of
from sampan_machinery.kindschema import schema_of

NAMES = {"plural": "boats", "singular": "boat", "kind": "Boat", "listKind": "Fleet", "shortNames": ["bo"]}


def kinds(crd, **more):
    return kinds_of(complete(crd), NAMES, rename, blocks=False, **more)


def test_each_version_is_a_kind_and_one_is_stored():
    first, second = kinds(definition(version("v1", storage=False, served=False), version("v2"), scope="Cluster"))

    assert (first.version, first.stored_as, first.hidden) == ("v1", ("toys.example", "v2"), True)
    assert (second.version, second.stored_as, second.hidden) == ("v2", None, False)
    assert (second.list_kind, second.short_names, second.namespaced) == ("Fleet", ("bo",), False)
    assert first.from_stored({"apiVersion": "toys.example/v2", "kind": "Boat"})["apiVersion"] == "toys.example/v1"
    assert first.to_stored({"apiVersion": "toys.example/v1", "kind": "Boat"})["apiVersion"] == "toys.example/v2"


def test_a_single_version_needs_no_conversion():
    (kind,) = kinds(definition())

    assert (kind.from_stored, kind.conversions_block) == (None, False)


def test_subresources_and_selectable_fields():
    scale = {
        "specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n", "labelSelectorPath": ".status.of",
    }  # fmt: skip
    more = {"subresources": {"status": {}, "scale": scale}, "selectableFields": [{"jsonPath": ".spec.on"}]}
    (kind,) = kinds(definition(version(**more)))

    assert kind.status
    assert (kind.scale.replicas, kind.scale.status_replicas) == (("spec", "n"), ("status", "n"))
    assert kind.scale.selector({"status": {"of": "a=b"}}) == "a=b"
    assert kind.fields["spec.on"]({"spec": {"on": True}}) == "true"
    assert kind.fields["spec.on"]({}) == ""


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        ({"spec": {"n": -1}}, "should be a non-negative integer"),
        ({"spec": {"n": 1 << 31}}, "should be less than or equal to 2147483647"),
        ({"spec": {"n": "many"}}, ".spec.n accessor error: many is of the type string, expected int64"),
        ({"status": {"of": 3}}, ".status.of accessor error: 3 is of the type int64, expected string"),
    ],
)
def test_what_a_scale_cannot_show_is_refused(obj, words):
    scale = {
        "specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n", "labelSelectorPath": ".status.of",
    }  # fmt: skip
    (kind,) = kinds(definition(version(subresources={"scale": scale})))

    (problem,) = schema_of(kind).check({"metadata": {"name": "a", "namespace": "b"}, **obj}, None)

    assert words in problem.message


def test_the_schema_may_restrict_names():
    of = {**schema(), "properties": {"metadata": {"type": "object", "properties": {"name": {"maxLength": 3}}}}}
    of["properties"]["metadata"]["properties"]["name"]["type"] = "string"
    (kind,) = kinds(definition(version(of=of)))

    assert [each.path for each in kind.validate({"metadata": {"name": "long"}}, None)] == ["metadata.name"]
    assert list(kind.validate({"metadata": {"name": "abc"}}, None)) == []


def test_a_deprecated_version_warns():
    old, _ = kinds(definition(version("v1", storage=False, deprecated=True), version("v2")))
    said, _ = kinds(definition(version("v1", storage=False, deprecated=True, deprecationWarning="no"), version("v2")))

    assert old.deprecated == "toys.example/v1 Boat is deprecated; use toys.example/v2 Boat"
    assert said.deprecated == "no"


def test_nothing_is_created_of_a_definition_that_is_deleted():
    crd = definition()
    crd["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    (kind,) = kinds(crd)

    with pytest.raises(MethodNotAllowed, match="create not allowed while custom resource definition is terminating"):
        kind.prepare(Draft({}, None, "", "a"))
    kind.prepare(Draft({}, {}, "", "a"))
