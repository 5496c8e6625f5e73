import pytest

from sampan_machinery.conditions import validate_conditions

GOOD = {"type": "Ready", "status": "True", "reason": "AllWell", "lastTransitionTime": "2026-01-01T00:00:00Z"}


def found(*conditions):
    return [f"{each.path}: {each.message}" for each in validate_conditions("c", conditions)]


def test_good_conditions():
    assert found(GOOD, {**GOOD, "type": "example.org/Other", "reason": "A:B,C_"}) == []


@pytest.mark.parametrize(
    "fields, line",
    [
        ({"type": ""}, 'c[0].type: Invalid value: "": name part must be non-empty'),
        ({"status": "Odd"}, 'c[0].status: Unsupported value: "Odd": supported values: "False", "True", "Unknown"'),
        (
            {"observedGeneration": -1},
            "c[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero",
        ),
        ({"lastTransitionTime": None}, "c[0].lastTransitionTime: Required value"),
        ({"reason": ""}, "c[0].reason: Required value"),
        ({"reason": "A:"}, 'c[0].reason: Invalid value: "A:": a condition reason must start with alphabetic character'),
        ({"reason": "a" * 1025}, "c[0].reason: Too long: may not be more than 1024 bytes"),
        ({"message": "a" * 32769}, "c[0].message: Too long: may not be more than 32768 bytes"),
    ],
)
def test_what_is_wrong_is_named(fields, line):
    assert found({**GOOD, **fields})[0].startswith(line)


def test_a_type_is_there_once():
    assert found(GOOD, GOOD) == ['c[1].type: Duplicate value: "Ready"']
