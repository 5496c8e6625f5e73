import pytest

from sampan_devices.allocation.records import AllocationError
from sampan_devices.allocation.selectors import matches

DEVICE = {
    "name": "a",
    "allowMultipleAllocations": True,
    "attributes": {
        "model": {"string": "x"}, "other.test/count": {"int": 3}, "fast": {"bool": True}, "v": {"version": "1.2.3"},
    },
    "capacity": {"memory": {"value": "8Gi"}},
}  # fmt: skip


@pytest.mark.parametrize(
    "expression",
    [
        'device.driver == "gpu.test"',
        "device.allowMultipleAllocations",
        'device.attributes["gpu.test"].model == "x"',
        'device.attributes["other.test"].count > 2',
        'device.attributes["gpu.test"].fast',
        'device.attributes["gpu.test"].v.isGreaterThan(semver("1.2.0"))',
        'device.capacity["gpu.test"].memory.compareTo(quantity("8Gi")) == 0',
        '!("none" in device.attributes["unknown.test"])',
        'cel.bind(own, device.attributes["gpu.test"], own.model == "x" && own.fast)',
    ],
)
def test_an_expression_reads_what_a_driver_says(expression):
    assert matches(expression, "gpu.test", DEVICE)
    assert not matches(f"!({expression})", "gpu.test", DEVICE)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("device.", "CEL compile error"),
        ('device.attributes["gpu.test"].none == 1', "CEL runtime error: no such key: none"),
        ('device.attributes["gpu.test"].model', "CEL runtime error: the result must be a bool"),
    ],
)
def test_an_expression_that_cannot_be_used_is_told(expression, why):
    with pytest.raises(AllocationError, match=why):
        matches(expression, "gpu.test", DEVICE)
