"""Schemas as Go keeps them."""

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


def test_what_is_no_schema_is_left_to_validation():
    assert tidied("text") == "text"
    assert tidied({"properties": [1]}) == {"properties": [1]}
