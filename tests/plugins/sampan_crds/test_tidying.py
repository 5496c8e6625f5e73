"""Schemas as Go keeps them."""

import pytest

from sampan.errors import BadRequest
from sampan_crds.tidying import tidied


def test_what_means_nothing_goes_and_what_means_something_stays():
    sent = {
        "type": "object", "nullable": False, "description": "", "unknown": 1, "minimum": 0, "default": False,
        "required": [], "properties": {}, "x-kubernetes-preserve-unknown-fields": False,
    }  # fmt: skip

    assert tidied(sent) == {
        "type": "object", "minimum": 0, "default": False, "x-kubernetes-preserve-unknown-fields": False,
    }  # fmt: skip


def test_schemas_below_are_tidied_too():
    below = {"type": "string", "nullable": False}
    plain = {"type": "string"}

    assert tidied({"items": below}) == {"items": plain}
    assert tidied({"additionalProperties": below}) == {"additionalProperties": plain}
    assert tidied({"additionalProperties": True}) == {"additionalProperties": True}
    assert tidied({"anyOf": [below], "properties": {"a": below}}) == {"anyOf": [plain], "properties": {"a": plain}}


def test_rules_keep_their_known_fields():
    rule = {"rule": "true", "message": "", "bogus": 1, "optionalOldSelf": False}

    assert tidied({"x-kubernetes-validations": [rule]}) == {
        "x-kubernetes-validations": [{"rule": "true", "optionalOldSelf": False}]
    }


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("text", "openAPIV3Schema of type JSONSchemaProps"),
        ({"properties": [1]}, "openAPIV3Schema.properties of type map[string]JSONSchemaProps"),
        ({"items": {"type": 5}}, "openAPIV3Schema.items.type of type string"),
        ({"items": {"nullable": "yes"}}, "openAPIV3Schema.items.nullable of type bool"),
        ({"additionalProperties": {"required": [True]}}, "openAPIV3Schema.additionalProperties.required[0] of type"),
        ({"x-kubernetes-validations": [{"rule": 5}]}, "x-kubernetes-validations[0].rule of type string"),
        ({"maxLength": True}, "openAPIV3Schema.maxLength of type int64"),
    ],
)
def test_what_is_of_the_wrong_type_is_refused_as_decoding_does(schema, path):
    with pytest.raises(BadRequest) as caught:
        tidied(schema)

    assert path in caught.value.message
