"""x-kubernetes-validations of a definition."""

import pytest

from sampan_crds.validation.rules import check_compiled, check_rules

OF = {"type": "object", "properties": {"a": {"type": "integer"}}}


def checked(rule):
    return [f"{each.path}: {each.message}" for each in check_rules([rule], OF, "r")]


def compiled(rule, *, uncorrelated=""):
    schema = {**OF, "x-kubernetes-validations": [rule]}
    found = check_compiled(schema, "r", root=False, uncorrelated=uncorrelated)
    return [f"{each.path}: {each.message}" for each in found]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"rule": " "}, "r[0].rule: Required value: rule is not specified"),
        ({"rule": "true", "message": " "}, "r[0].message: Invalid value: \" \": must be non-empty if specified"),
        ({"rule": "true", "message": "a\nb"}, "must not contain line breaks"),
        ({"rule": "true &&\ntrue"}, "message must be specified if rule contains line breaks"),
        ({"rule": "true", "messageExpression": " "}, "messageExpression must be non-empty if specified"),
        ({"rule": "true", "reason": "Odd"}, "r[0].reason: Unsupported value"),
        ({"rule": "true", "fieldPath": ".b"}, "r[0].fieldPath: Invalid value: \".b\": must be a valid path"),
    ],
)  # fmt: skip
def test_what_needs_no_compiling(rule, words):
    assert any(words in each for each in checked(rule))
    assert checked({"rule": "true", "message": "m", "reason": "FieldValueInvalid", "fieldPath": ".a"}) == []


def test_an_expression_that_cannot_be_compiled_is_shown_as_upstream_does():
    (found,) = compiled({"rule": "self.b > 1"})

    assert found.startswith(
        'r[0].rule: Invalid value: {"Rule":"self.b \\u003e 1","Message":"","MessageExpression":"","Reason":null,'
        '"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:5: undefined field \'b\''
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"rule": "self.a"}, "r[0].rule: ", ), ({"rule": "true", "messageExpression": "1"}, "r[0].messageExpression: "),
    ],
)  # fmt: skip
def test_types_of_rule_and_message(rule, words):
    (found,) = compiled(rule)

    assert found.startswith(words)
    assert "must evaluate to a" in found


def test_oldself_needs_a_former_self():
    (found,) = compiled({"rule": "self == oldSelf"}, uncorrelated="s.items")

    assert found.endswith("oldSelf cannot be used on the uncorrelatable portion of the schema within s.items")
    assert compiled({"rule": "self == oldSelf"}) == []


def test_an_optional_oldself_must_be_used():
    assert compiled({"rule": "true", "optionalOldSelf": True}) == [
        "r[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule"
    ]
    assert compiled({"rule": "oldSelf.hasValue() || true", "optionalOldSelf": True}) == []
