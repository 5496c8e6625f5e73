from __future__ import annotations

import pytest

from sampan_federation.placement.affinities import why_not
from sampan_federation.placement.clusters import Candidate

EAST = Candidate("east", {"tier": "gold"}, provider="aws", region="us", zones=("us-1", "us-2"))


@pytest.mark.parametrize(
    "affinity",
    [
        {},
        {"clusterNames": ["west", "east"]},
        {"labelSelector": {"matchLabels": {"tier": "gold"}}, "clusterNames": ["east"]},
        {"fieldSelector": {"matchExpressions": [{"key": "region", "operator": "In", "values": ["us", "eu"]}]}},
        {
            "fieldSelector": {
                "matchExpressions": [{"key": "zone", "operator": "In", "values": ["us-1", "us-2", "us-3"]}]
            }
        },
        {"fieldSelector": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}},
        {"fieldSelector": {"matchExpressions": [{"key": "provider", "operator": "NotIn", "values": ["azure"]}]}},
    ],
)
def test_what_selects_the_cluster(affinity):
    assert why_not(affinity, EAST) == ""


@pytest.mark.parametrize(
    ("affinity", "words"),
    [
        ({"clusterNames": ["west"]}, "names west only"),
        ({"exclude": ["east"], "clusterNames": ["east"]}, "excludes it"),
        ({"labelSelector": {"matchLabels": {"tier": "silver"}}}, "labels do not match tier=silver"),
        ({"labelSelector": {"matchExpressions": [{"key": "a", "operator": "Wrong"}]}}, "cannot be read"),
        (
            {"fieldSelector": {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["us-1"]}]}},
            "zone In (us-1)",
        ),
        (
            {"fieldSelector": {"matchExpressions": [{"key": "region", "operator": "NotIn", "values": ["us"]}]}},
            "region NotIn (us)",
        ),
    ],
)
def test_what_does_not_says_why(affinity, words):
    assert words in why_not(affinity, EAST)
