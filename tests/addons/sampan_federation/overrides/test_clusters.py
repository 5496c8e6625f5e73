import pytest

from sampan_federation.overrides.clusters import matches

EAST = {
    "metadata": {"name": "east", "labels": {"env": "prod"}},
    "spec": {"provider": "p1", "region": "r1", "zones": ["a", "b"]},
}


def fields(key, operator, *values):
    return {"fieldSelector": {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}}


@pytest.mark.parametrize(
    ("affinity", "selected"),
    [
        ({}, True),
        ({"clusterNames": ["east"]}, True),
        ({"clusterNames": ["west"]}, False),
        ({"clusterNames": ["east"], "exclude": ["east"]}, False),
        ({"labelSelector": {"matchLabels": {"env": "prod"}}}, True),
        ({"labelSelector": {"matchLabels": {"env": "test"}}}, False),
        ({"labelSelector": {"matchExpressions": [{"key": "env", "operator": "Nonsense"}]}}, False),
        ({"labelSelector": {"matchLabels": {"env": "prod"}}, "clusterNames": ["west"]}, False),
        (fields("provider", "In", "p1"), True),
        (fields("region", "NotIn", "r1"), False),
        (fields("zone", "In", "b", "c"), True),
        (fields("zone", "NotIn", "b"), False),
        (fields("zone", "Exists"), True),
        (fields("zone", "DoesNotExist"), False),
        (fields("zone", "Nonsense"), False),
    ],
)
def test_an_affinity_selects_by_all_that_it_says(affinity, selected):
    assert matches(EAST, affinity) is selected


def test_the_deprecated_zone_counts():
    old = {"metadata": {"name": "old"}, "spec": {"zone": "a"}}

    assert matches(old, fields("zone", "In", "a"))
