from __future__ import annotations

import pytest

from sampan_flowcontrol import bootstrap
from sampan_flowcontrol.validation import validate_level, validate_schema


def schema_texts(obj):
    return [f"{each.path}: {each.message}" for each in validate_schema(obj, None)]


def level_texts(obj):
    return [f"{each.path}: {each.message}" for each in validate_level(obj, None)]


def changed(obj, path, value):
    """The object with the field at the dotted path set."""
    *steps, last = path.split(".")
    found = obj
    for step in steps:
        found = found[int(step)] if isinstance(found, list) else found[step]
    found[last] = value
    return obj


@pytest.mark.parametrize(
    "path, value, text",
    [
        ("spec.matchingPrecedence", 0, "spec.matchingPrecedence: Invalid value: 0: must be a positive value"),
        (
            "spec.matchingPrecedence", 10_001,
            "spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000",
        ),
        (
            "spec.matchingPrecedence", 1,
            "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
        ),
        (
            "spec.distinguisherMethod", {"type": "ByColour"},
            'spec.distinguisherMethod.type: Unsupported value: {"type":"ByColour"}: supported values: '
            '"ByNamespace", "ByUser"',
        ),
        (
            "spec.priorityLevelConfiguration", {},
            "spec.priorityLevelConfiguration.name: Required value: must reference a priority level",
        ),
        (
            "spec.rules.0.subjects", [],
            "spec.rules[0].subjects: Required value: subjects must contain at least one value",
        ),
        (
            "spec.rules.0.subjects", [{"kind": "User"}],
            "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
        ),
        (
            "spec.rules.0.subjects", [{"kind": "User", "user": {"name": "a"}, "group": {"name": "b"}}],
            "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
        ),
        (
            "spec.rules.0.subjects", [{"kind": "ServiceAccount", "serviceAccount": {"name": "*"}}],
            "spec.rules[0].subjects[0].serviceAccount.namespace: Required value: must specify namespace for service "
            "account",
        ),
        (
            "spec.rules.0.resourceRules.0.verbs", ["*", "get"],
            'spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if \'*\' is present, must not specify '
            "other verbs",
        ),
        (
            "spec.rules.0.resourceRules.0.namespaces", ["A"],
            'spec.rules[0].resourceRules[0].namespaces[0]: Invalid value: "A": each member of this list must be \'*\' '
            "or a DNS-1123 label; ",
        ),
        (
            "spec.rules.0.nonResourceRules.0.nonResourceURLs", ["a"],
            'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "a": must start with slash',
        ),
        (
            "spec.rules.0.nonResourceRules.0.nonResourceURLs", ["/a*"],
            'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*": wildcard can only do suffix '
            "matching",
        ),
    ],
)  # fmt: skip
def test_a_wrong_field_of_a_schema_is_named(schema, path, value, text):
    (found,) = schema_texts(changed(schema(), path, value))

    assert found.startswith(text)


def test_unsupported_verbs_are_named_with_those_that_are(schema):
    (found,) = schema_texts(changed(schema(), "spec.rules.0.resourceRules.0.verbs", ["walk"]))

    assert found.startswith(
        'spec.rules[0].resourceRules[0].verbs: Unsupported value: ["walk"]: supported values: "create"'
    )


@pytest.mark.parametrize(
    "path, value, text",
    [
        (
            "metadata.name", "exempt",
            "spec.type: Invalid value: \"Limited\": must be 'Exempt' if and only if `name` is 'exempt'",
        ),
        ("spec.type", "Some", 'spec.type: Unsupported value: "Some": supported values: "Exempt", "Limited"'),
        ("spec.limited", None, "spec.limited: Required value: must not be empty when type is Limited"),
        ("spec.exempt", {}, "spec.exempt: Forbidden: must be nil if the type is Limited"),
        (
            "spec.limited.nominalConcurrencyShares", -1,
            "spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer",
        ),
        (
            "spec.limited.lendablePercent", 101,
            "spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive",
        ),
        (
            "spec.limited.borrowingLimitPercent", -1,
            "spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer",
        ),
        (
            "spec.limited.limitResponse.type", "Reject",
            "spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited",
        ),
        (
            "spec.limited.limitResponse.queuing.handSize", 5,
            "spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)",
        ),
        (
            "spec.limited.limitResponse.queuing", {"queues": 10_000_000, "handSize": 3, "queueLengthLimit": 1},
            "spec.limited.limitResponse.queuing.handSize: Invalid value: 3: required entropy bits of deckSize 10000000 "
            "and handSize 3 should not be greater than 60",
        ),
    ],
)  # fmt: skip
def test_a_wrong_field_of_a_level_is_named(level, path, value, text):
    assert level_texts(changed(level(), path, value))[0].startswith(text)


def test_mandatory_objects_are_fixed():
    schema = changed(bootstrap.schema("catch-all"), "spec.matchingPrecedence", 5)
    catch_all = changed(bootstrap.level("catch-all"), "spec.limited.nominalConcurrencyShares", 7)
    exempt = changed(bootstrap.level("exempt"), "spec.exempt.nominalConcurrencyShares", 7)

    assert schema_texts(schema)[0].endswith("spec of 'catch-all' must equal the fixed value")
    assert level_texts(catch_all)[0].endswith("spec of 'catch-all' must equal the fixed value")
    assert level_texts(exempt) == []


def test_conditions_have_a_type_of_their_own(schema):
    found = {**schema(), "status": {"conditions": [{"type": "A"}, {"type": "A"}, {"message": "x"}]}}

    assert schema_texts(found) == [
        'status.conditions[1].type: Duplicate value: "A"', "status.conditions[2].type: Required value",
    ]  # fmt: skip
