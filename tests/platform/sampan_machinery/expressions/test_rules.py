"""x-kubernetes-validations: what can be compiled."""

import pytest

from sampan_machinery.expressions import rules

INT, TEXT = {"type": "integer"}, {"type": "string"}


def schema(*found, **properties):
    return {"type": "object", "properties": properties, "x-kubernetes-validations": list(found)}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "rule is required"),
        ({"rule": "self.nothing > 1"}, "undefined field 'nothing'"),
        ({"rule": "self.a"}, "must evaluate to a bool"),
        ({"rule": "true", "messageExpression": "1"}, "messageExpression: messageExpression must evaluate to a string"),
        ({"rule": "true", "reason": "Because"}, "reason must be one of"),
        ({"rule": "true", "message": "a\nb"}, "line breaks"),
        ({"rule": "true", "optionalOldSelf": True}, "optionalOldSelf may only be used"),
        ({"rule": "self.a >"}, "compilation failed"),
    ],
)
def test_a_rule_that_cannot_be_used_is_said_to_its_author(rule, words):
    found = schema(rule, a=INT)

    assert words in next(rules.complaints(found))
    with pytest.raises(ValueError, match=r"."):
        rules.compiled(found)


def test_a_fault_names_the_field_of_the_rule():
    own = rules.types_at(schema(a=INT), root=True)

    with pytest.raises(rules.RuleFault) as caught:
        rules.compile_rule({"rule": "true", "messageExpression": "self.b"}, own)

    assert caught.value.field == "messageExpression"
