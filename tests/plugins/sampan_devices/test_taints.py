import pytest

from sampan_devices.taints import tolerates

TAINT = {"key": "x.test/broken", "value": "yes", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("toleration", "wanted"),
    [
        ({"operator": "Exists"}, True),
        ({"operator": "Exists", "key": "x.test/broken", "effect": "NoExecute"}, True),
        ({"operator": "Exists", "key": "x.test/other"}, False),
        ({"operator": "Exists", "effect": "NoSchedule"}, False),
        ({"key": "x.test/broken", "value": "yes"}, True),
        ({"key": "x.test/broken", "operator": "Equal", "value": "no"}, False),
    ],
)
def test_a_toleration_fits_by_key_value_and_effect(toleration, wanted):
    assert tolerates(toleration, TAINT) is wanted
