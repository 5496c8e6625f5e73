import pytest

from sampan_devices.allocation.consumption import consumed_by

GI = 2**30 * 10**9


def consumed(asked, used=None, value="10Gi", **policy):
    device = {"capacity": {"memory": {"value": value, **({"requestPolicy": policy} if policy else {})}}}
    request = {} if asked is None else {"capacity": {"requests": {"memory": asked}}}
    found = consumed_by(request, device, used or {})
    return None if found is None else str(found["memory"])


@pytest.mark.parametrize(
    ("asked", "policy", "expected"),
    [
        (None, {}, "10Gi"),
        (None, {"default": "2Gi"}, "2Gi"),
        ("3Gi", {}, "3Gi"),
        ("11Gi", {}, None),
        ("1Gi", {"default": "2Gi", "validRange": {"min": "2Gi"}}, "2Gi"),
        ("3Gi", {"default": "2Gi", "validRange": {"min": "2Gi", "step": "2Gi"}}, "4Gi"),
        ("7Gi", {"default": "2Gi", "validRange": {"min": "2Gi", "max": "4Gi"}}, None),
        ("3Gi", {"default": "2Gi", "validValues": ["2Gi", "4Gi"]}, "4Gi"),
        ("5Gi", {"default": "2Gi", "validValues": ["2Gi", "4Gi"]}, None),
    ],
)
def test_an_amount_is_rounded_up_to_what_the_policy_lets_one_have(asked, policy, expected):
    assert consumed(asked, **policy) == expected


def test_what_is_used_already_counts():
    assert consumed("3Gi", {"memory": 7 * GI}) == "3Gi"
    assert consumed("3Gi", {"memory": 7 * GI + 1}) is None


def test_a_device_without_the_capacity_does_not_do():
    assert consumed_by({"capacity": {"requests": {"cores": "1"}}}, {"capacity": {}}) is None
    assert consumed_by({}, {}) == {}
