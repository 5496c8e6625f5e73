import pytest

from sampan_podspec.tolerations import tolerates


@pytest.mark.parametrize(
    ("toleration", "taint", "fits"),
    [
        ({"operator": "Exists"}, {"key": "k", "effect": "NoExecute"}, True),
        ({"operator": "Exists", "effect": "NoSchedule"}, {"key": "k", "effect": "NoExecute"}, False),
        ({"key": "k", "operator": "Exists"}, {"key": "other", "effect": "NoExecute"}, False),
        ({"key": "k", "value": "v"}, {"key": "k", "value": "v", "effect": "NoExecute"}, True),
        ({"key": "k", "operator": "Equal"}, {"key": "k", "value": "v", "effect": "NoExecute"}, False),
        ({}, {"key": "k", "effect": "NoExecute"}, False),
    ],
)
def test_tolerations_match_taints(toleration, taint, fits):
    assert tolerates(toleration, taint) is fits
