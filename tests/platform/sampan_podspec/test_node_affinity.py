from __future__ import annotations

import pytest

from sampan_podspec.node_affinity import required_matches, term_matches

LABELS = {"zone": "a", "cores": "8"}


def expression(key, operator, *values):
    return {"key": key, "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    "term, found",
    [
        ({}, False),
        ({"matchExpressions": [expression("zone", "In", "a", "b")]}, True),
        ({"matchExpressions": [expression("cores", "Gt", "8")]}, False),
        ({"matchFields": [expression("metadata.name", "In", "n1")]}, True),
        ({"matchFields": [expression("metadata.name", "NotIn", "n1")]}, False),
        (
            {
                "matchExpressions": [expression("zone", "In", "a")],
                "matchFields": [expression("metadata.name", "In", "n2")],
            },
            False,
        ),
    ],
)
def test_all_expressions_of_a_term_have_to_match(term, found):
    assert term_matches(term, LABELS, "n1") is found


def affinity(*terms):
    return {
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    }


@pytest.mark.parametrize(
    "spec, found",
    [
        ({}, True),
        ({"nodeSelector": {"zone": "a"}}, True),
        ({"nodeSelector": {"zone": "b"}}, False),
        (
            affinity(
                {"matchExpressions": [expression("x", "Exists")]}, {"matchExpressions": [expression("zone", "Exists")]}
            ),
            True,
        ),
        (affinity(), False),
    ],
)
def test_the_selector_and_one_of_the_terms_have_to_match(spec, found):
    assert required_matches(spec, LABELS, "n1") is found
