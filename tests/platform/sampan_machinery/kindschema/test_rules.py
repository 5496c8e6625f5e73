"""Declared rules of built-in kinds: said as Kubernetes says it of its own."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Kind
from sampan_machinery.kindschema import schema_of
from sampan_machinery.structural.checking import AT_MOST_ONE, IMMUTABLE, NAME, ONE_OF, ORDERED


def deployment(rules, **more):
    return Kind(group="apps", version="v1", kind="Deployment", plural="deployments", rules=spec(rules), **more)


def spec(rules):
    return {"properties": {"spec": rules}}


def named(**spec):
    return {"metadata": {"name": "a", "namespace": "b"}, "spec": spec}


def found(rules, new, old=None):
    return [f"{each.path} {each.reason} {each.message}" for each in schema_of(deployment(rules)).check(new, old)]


@pytest.mark.parametrize(
    "rules, given, said",
    [
        ({"required": ["selector"]}, {}, "spec.selector FieldValueRequired Required value"),
        ({"required": ["selector"]}, {"selector": {}}, "spec.selector FieldValueRequired Required value"),
        (
            {"properties": {"type": {"enum": ["b", "a"]}}}, {"type": "c"},
            'spec.type FieldValueNotSupported Unsupported value: "c": supported values: "b", "a"',
        ),
        (
            {"properties": {"replicas": {"minimum": 0}}}, {"replicas": -1},
            "spec.replicas FieldValueInvalid Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            {"properties": {"replicas": {"minimum": 1, "maximum": 9}}}, {"replicas": 10},
            "spec.replicas FieldValueInvalid Invalid value: 10: must be between 1 and 9, inclusive",
        ),
        (
            {"properties": {"name": {"pattern": "^a$"}}}, {"name": "b"},
            "spec.name FieldValueInvalid Invalid value: \"b\": regex used for validation is '^a$'",
        ),
        (
            {"properties": {"name": {"maxLength": 1}}}, {"name": "bb"},
            "spec.name FieldValueTooLong Too long: may not be more than 1 bytes",
        ),
        (
            {"properties": {"ports": {"items": {"properties": {"port": {"minimum": 1, "maximum": 65535}}}}}},
            {"ports": [{"port": 1}, {"port": 0}]},
            "spec.ports[1].port FieldValueInvalid Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            {ONE_OF: [["a", "b"]]}, {},
            'spec FieldValueInvalid Invalid value: "": must specify one of: `a`, `b`',
        ),
        (
            {ONE_OF: [["a", "b"]]}, {"a": 1, "b": 2},
            'spec FieldValueInvalid Invalid value: "{a, b}": must specify exactly one of: `a`, `b`',
        ),
        (
            {AT_MOST_ONE: [["a", "b"]]}, {"a": 1, "b": 2},
            'spec FieldValueInvalid Invalid value: "{a, b}": must specify at most one of: `a`, `b`',
        ),
        (
            {ORDERED: [["low", "high"]]}, {"low": 2, "high": 1},
            "spec.high FieldValueInvalid Invalid value: 1: must be greater than or equal to `low`",
        ),
        (
            {ORDERED: [["low", "high"]]}, {"low": "1Gi", "high": "1G"},
            'spec.high FieldValueInvalid Invalid value: "1G": must be greater than or equal to `low`',
        ),
    ],
)  # fmt: skip
def test_a_rule_that_is_not_kept(rules, given, said):
    assert found(rules, named(**given)) == [said]


@pytest.mark.parametrize(
    "rules, given",
    [
        ({"required": ["replicas"]}, {"replicas": 0}),
        ({AT_MOST_ONE: [["a", "b"]]}, {}),
        ({ONE_OF: [["a", "b"]]}, {"b": {}}),
        ({ORDERED: [["low", "high"]]}, {"low": "100m", "high": "0.1"}),
        ({ORDERED: [["low", "high"]]}, {"low": 2}),
        ({"properties": {"replicas": {"minimum": 1}}}, {}),
    ],
)
def test_a_rule_that_is_kept(rules, given):
    assert found(rules, named(**given)) == []


def test_a_name_is_judged_as_names_are():
    said = found({"properties": {"handler": {NAME: "label"}}}, named(handler="A"))

    assert len(said) == 1
    assert said[0].startswith('spec.handler FieldValueInvalid Invalid value: "A": a lowercase RFC 1123 label must')


def test_a_missing_field_is_not_judged_a_second_time():
    rules = {"required": ["handler"], "properties": {"handler": {NAME: "label"}}}

    assert found(rules, named(handler="")) == ["spec.handler FieldValueRequired Required value"]


@pytest.mark.parametrize("new, old, wrong", [
    ({"a": 1}, {"a": 1}, False), ({"a": 1}, {"a": 2}, True), ({}, {"a": 2}, True), ({"a": 1}, {}, True),
    ({}, {}, False),
])  # fmt: skip
def test_what_may_not_change_is_compared_on_updates(new, old, wrong):
    rules = {"properties": {"a": {IMMUTABLE: True}}}
    before = named(**old)
    before["metadata"]["resourceVersion"] = "1"
    after = named(**new)
    after["metadata"]["resourceVersion"] = "1"

    said = found(rules, after, before)

    assert [each.partition(": ")[2].rpartition(": ")[2] for each in said] == ["field is immutable"] * wrong
    assert found(rules, named(**new)) == []


def test_a_field_that_may_not_change_is_not_judged_otherwise_on_updates():
    rules = {"properties": {"a": {IMMUTABLE: True, NAME: "label"}}}
    old, new = named(a="b"), named(a="C")
    for each in (old, new):
        each["metadata"]["resourceVersion"] = "1"

    assert len(found(rules, new, old)) == 1
    assert len(found(rules, new)) == 1


def test_the_kinds_own_function_is_asked_as_well():
    kind = deployment({"required": ["selector"]}, validate=lambda new, old: [("x", "y", "z")])

    assert len(schema_of(kind).check(named(), None)) == 2


def test_a_kind_with_a_schema_of_its_own_may_use_the_same_words():
    text = {"type": "string", IMMUTABLE: True, NAME: "label"}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"a": text}}}}
    boats = schema_of(Kind(group="example.org", version="v1", kind="Boat", plural="boats", schema=schema))
    old, new = named(a="b"), named(a="c")
    for each in (old, new):
        each["metadata"]["resourceVersion"] = "1"

    assert [each.message for each in boats.check(new, old)] == ['Invalid value: "c": field is immutable']
    assert len(boats.check(named(a="C"), None)) == 1
