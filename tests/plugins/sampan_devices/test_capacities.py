import pytest

from sampan_devices.capacities import request_policy

RANGE = {"min": "1Gi", "max": "4Gi", "step": "1Gi"}


def found(capacity="8Gi", **policy):
    return [f"{each.path}: {each.message}" for each in request_policy("p", capacity, policy)]


def test_good_policies():
    assert found() == []
    assert found(default="2Gi", validValues=["1Gi", "2Gi"]) == []
    assert found(default="2Gi", validRange=RANGE) == []


@pytest.mark.parametrize(
    "policy, line",
    [
        ({"validValues": ["1Gi"]}, "p.default: Required value: required when validValues is defined"),
        ({"validRange": {}}, "p.default: Required value: required when validRange is defined"),
        (
            {"default": "1Gi", "validValues": ["1Gi"], "validRange": RANGE},
            "p: Forbidden: exactly one policy can be spec",
        ),
        (
            {"default": "1Gi", "validValues": ["2Gi", "1Gi"]},
            'p.validValues[1]: Invalid value: "1Gi": values must be sorted in ascending order',
        ),
        (
            {"default": "1Gi", "validValues": ["1Gi", "9Gi"]},
            'p.validValues[1]: Invalid value: "9Gi": option is larger than capacity value: 8Gi',
        ),
        (
            {"default": "3Gi", "validValues": ["1Gi"]},
            'p.validValues: Invalid value: "3Gi": default value is not valid according to the requestPolicy',
        ),
        ({"default": "1", "validValues": ["1"] * 11}, "p.validValues: Too many: 11: must have at most 10 items"),
        ({"default": "1Gi", "validRange": {}}, "p.validRange.min: Required value: required when validRange is defined"),
        (
            {"default": "9Gi", "validRange": {"min": "9Gi"}},
            'p.validRange.min: Invalid value: "9Gi": min is larger than capacity value: 8Gi',
        ),
        (
            {"default": "1", "validRange": {"min": "1Gi"}},
            'p.validRange.min: Invalid value: "1": default is less than min: 1Gi',
        ),
        (
            {"default": "4Gi", "validRange": {"min": "4Gi", "max": "3Gi"}},
            'p.validRange.max: Invalid value: "4Gi": min is larger than max: 3Gi',
        ),
        (
            {"default": "1Gi", "validRange": {"min": "1Gi", "max": "9Gi"}},
            'p.validRange.max: Invalid value: "9Gi": max is larger than capacity value: 8Gi',
        ),
        (
            {"default": "5Gi", "validRange": {"min": "1Gi", "max": "4Gi"}},
            'p.validRange.max: Invalid value: "5Gi": default is more than max: 4Gi',
        ),
        (
            {"default": "1Gi", "validRange": {"min": "1Gi", "step": "8Gi"}},
            'p.validRange.step: Invalid value: "8Gi": one step 9Gi is larger than capacity value: 8Gi',
        ),
        (
            {"default": "2Gi", "validRange": {"min": "1Gi", "step": "3Gi"}},
            'p.validRange.step: Invalid value: "2Gi": value is not a multiple of a given step (3Gi) from (1Gi)',
        ),
        (
            {"default": "1Gi", "validRange": {"min": "1Gi", "step": "0"}},
            'p.validRange.step: Invalid value: "0": must be greater than zero',
        ),
    ],
)
def test_what_is_wrong_is_named(policy, line):
    assert found(**policy)[0].startswith(line)
