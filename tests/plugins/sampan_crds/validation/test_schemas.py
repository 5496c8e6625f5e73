"""What the schema of a version may say."""

import pytest
from crd_samples import OPEN, schema

from sampan_crds.validation.schemas import check_schema

TEXT = {"type": "string"}


def said(found, *, has_status=False):
    problems = check_schema(found, "v.schema", has_status=has_status, is_known=False)
    return [f"{each.path}: {each.message}" for each in problems]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (schema(a={"type": "text"}), "properties[spec].properties[a].type: Unsupported value: \"text\""),
        (schema(a={**TEXT, "id": "x"}), "properties[a].id: Forbidden: id is not supported"),
        (schema(a={**TEXT, "$ref": "x"}), "properties[a].$ref: Forbidden: $ref is not supported"),
        (schema(a={"type": "array", "uniqueItems": True, "items": TEXT}), "uniqueItems cannot be set to true"),
        (schema(a={"type": "object", "properties": {"b": TEXT}, "additionalProperties": TEXT}),
         "additionalProperties and properties are mutual exclusive"),
        (schema(a={"x-kubernetes-preserve-unknown-fields": False, **TEXT}), "must be true or undefined"),
        ({**OPEN, "nullable": True}, "openAPIV3Schema.nullable: Forbidden: nullable cannot be true at the root"),
        ({"type": "object", "properties": {"kind": {**TEXT, "default": "X"}}},
         "properties[kind].default: Forbidden: must not be set in top-level kind"),
        (schema(a={"type": "array", "items": {**TEXT, "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}}),
         "oldSelf cannot be used on the uncorrelatable portion of the schema within v.schema"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(found, words):
    assert any(words in each for each in said(found))


def test_with_a_status_the_root_may_say_less():
    found = {**OPEN, "maxProperties": 3}

    assert any(
        "fields are allowed at the root of the schema if the status" in each for each in said(found, has_status=True)
    )
    assert said(found) == []
    assert said({**OPEN, "description": "d", "x-kubernetes-validations": [{"rule": "true"}]}, has_status=True) == []


def test_rules_are_not_compiled_while_the_schema_is_wrong():
    rule = [{"rule": "self.none"}]
    found = said(
        schema(a={"type": "object", "x-kubernetes-validations": rule, "properties": {"b": {"id": "x", **TEXT}}})
    )

    assert len(found) == 1
    assert "compilation failed" in said(schema(a={"type": "object", "x-kubernetes-validations": rule}))[0]


def test_rules_that_could_cost_too_much_are_refused_unless_they_are_there_already():
    nested = {"type": "array", "items": {"type": "array", "items": TEXT}}
    costly = schema(a={**nested, "x-kubernetes-validations": [{"rule": "self.all(x, x.all(y, y.matches('a+b+c+')))"}]})

    found = said(costly)

    assert found[0].startswith(
        "v.schema.openAPIV3Schema.properties[spec].properties[a].x-kubernetes-validations[0].rule: Forbidden: "
        "estimated rule cost exceeds budget by factor of more than 100x"
    )
    assert not [each for each in check_schema(costly, "v.schema", has_status=False, is_known=True) if "rule cost ex" in
                each.message and each.path.endswith(".rule")]  # fmt: skip
