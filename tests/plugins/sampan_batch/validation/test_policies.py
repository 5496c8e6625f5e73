import pytest

from sampan_batch.validation.policies import validate_failure_policy, validate_success_policy


def codes(**given):
    return {"action": "Count", "onExitCodes": {"operator": "In", "values": [1], **given}}


def patterns(*given, action="Ignore"):
    return {"action": action, "onPodConditions": list(given)}


GOOD = {"type": "DisruptionTarget", "status": "True"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (codes(), None),
        (patterns(GOOD), None),
        ({**codes(), "action": ""}, '.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]'),
        ({**codes(), "action": "Odd"}, '.action: Unsupported value: "Odd"'),
        ({**codes(), "action": "FailIndex"}, '.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex'),
        (codes(operator=""), '.onExitCodes.operator: Required value: valid values: ["In" "NotIn"]'),
        (codes(operator="Odd"), '.onExitCodes.operator: Unsupported value: "Odd"'),
        (codes(containerName="x"), '.onExitCodes.containerName: Invalid value: "x": must be one of the container'),
        (codes(values=[]), ".onExitCodes.values: Invalid value: []: at least one value is required"),
        (codes(values=[0, 1]), ".onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator"),
        (codes(values=[1, 1]), ".onExitCodes.values[1]: Duplicate value: 1"),
        (codes(values=[2, 1]), ".onExitCodes.values: Invalid value: [2,1]: must be ordered"),
        (codes(values=list(range(1, 257))), ".onExitCodes.values: Too many: 256: must have at most 255 items"),
        (patterns({**GOOD, "type": "a b"}), '.onPodConditions[0].type: Invalid value: "a b"'),
        (patterns({**GOOD, "status": "Odd"}), '.onPodConditions[0].status: Unsupported value: "Odd"'),
        (patterns(*[GOOD] * 21), ".onPodConditions: Too many: 21: must have at most 20 items"),
        (
            {**codes(), **patterns(GOOD)},
            ": Invalid value: specifying both OnExitCodes and OnPodConditions is not supported",
        ),
        ({"action": "Ignore"}, ": Invalid value: specifying one of OnExitCodes and OnPodConditions is required"),
    ],
)
def test_a_rule_of_a_failure_policy(make, rule, expected):
    spec = make.job(podFailurePolicy={"rules": [rule]})["spec"]

    found = [f"{each.path}: {each.message}" for each in validate_failure_policy(spec, "p")]

    if expected is None:
        assert found == []
    else:
        assert any(each.startswith(f"p.rules[0]{expected}") for each in found), found


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"succeededIndexes": "0-2", "succeededCount": 2}, None),
        ({}, ": Required value: at least one of succeededCount or succeededIndexes must be specified"),
        (
            {"succeededIndexes": "5"},
            '.succeededIndexes: Invalid value: "5": error parsing succeededIndexes: too large index: "5"',
        ),
        ({"succeededCount": -1}, ".succeededCount: Invalid value: -1: must be greater than or equal to 0"),
        (
            {"succeededCount": 6},
            ".succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified",
        ),
        (
            {"succeededIndexes": "0,1", "succeededCount": 3},
            ".succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the",
        ),
        ({"succeededIndexes": "0," * 40_000}, ".succeededIndexes: Too long: may not be more than 65536 bytes"),
    ],
)
def test_a_rule_of_a_success_policy(make, rule, expected):
    spec = make.job(completionMode="Indexed", completions=5, successPolicy={"rules": [rule]})["spec"]

    found = [f"{each.path}: {each.message}" for each in validate_success_policy(spec, "p")]

    if expected is None:
        assert found == []
    else:
        assert any(each.startswith(f"p.rules[0]{expected}") for each in found), found


def test_the_number_of_rules(make):
    many = make.job(completionMode="Indexed", completions=5, successPolicy={"rules": [{"succeededCount": 1}] * 21})
    none = make.job(completionMode="Indexed", completions=5, successPolicy={"rules": []})
    failures = make.job(podFailurePolicy={"rules": [codes()] * 21})

    assert [each.path for each in validate_success_policy(many["spec"], "p")] == ["p.rules"]
    assert [each.reason for each in validate_success_policy(none["spec"], "p")] == ["FieldValueRequired"]
    assert [each.reason for each in validate_failure_policy(failures["spec"], "p")] == ["FieldValueTooMany"]
