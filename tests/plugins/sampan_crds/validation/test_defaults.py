"""Defaults that the schema takes."""

from crd_samples import schema

from sampan_crds.validation.defaults import check_defaults


def said(**spec):
    return [f"{each.path}: {each.message}" for each in check_defaults(schema(**spec), "s")]


def test_a_good_default():
    assert said(a={"type": "integer", "default": 3}, b={"type": "object", "default": {}}) == []


def test_a_default_of_the_wrong_type_is_said_at_its_place():
    (found,) = said(a={"type": "array", "items": {"type": "integer", "default": "x"}})

    assert found.startswith("s.properties[spec].properties[a].items.default: Invalid value: ")
    assert "must be of type integer" in found


def test_a_default_has_no_fields_that_the_schema_does_not_know():
    (found,) = said(a={"type": "object", "default": {"b": 1}, "properties": {"c": {"type": "integer"}}})

    assert found.endswith("must not have unknown fields")


def test_a_default_keeps_the_rules():
    rule = {"x-kubernetes-validations": [{"rule": "self > 3"}]}

    assert said(a={"type": "integer", "default": 5, **rule}) == []
    assert said(a={"type": "integer", "default": 1, **rule})[0].endswith("failed rule: self > 3")
