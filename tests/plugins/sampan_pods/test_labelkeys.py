"""A new pod's selectors take in the values of the label keys that go with them."""

import pytest

from sampan_pods.labelkeys import merge

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
LABELS = {"a": "1", "b": "2"}
IN_A = {"key": "a", "operator": "In", "values": ["1"]}
NOT_B = {"key": "b", "operator": "NotIn", "values": ["2"]}


def term(**more):
    return {"topologyKey": "zone", "labelSelector": {}, **more}


@pytest.mark.parametrize("kind", ["podAffinity", "podAntiAffinity"])
def test_terms_of_affinity(kind):
    required, preferred = term(matchLabelKeys=["a", "none"], mismatchLabelKeys=["b"]), term(matchLabelKeys=["a"])
    spec = {"affinity": {kind: {REQUIRED: [required], PREFERRED: [{"weight": 1, "podAffinityTerm": preferred}]}}}

    merge(spec, LABELS)

    assert required["labelSelector"] == {"matchExpressions": [IN_A, NOT_B]}
    assert preferred["labelSelector"] == {"matchExpressions": [IN_A]}


def test_spread_constraints_keep_what_they_select():
    own = {"key": "x", "operator": "Exists"}
    constraint = term(labelSelector={"matchLabels": {"x": "y"}, "matchExpressions": [own]}, matchLabelKeys=["a"])

    merge({"topologySpreadConstraints": [constraint]}, LABELS)

    assert constraint["labelSelector"] == {"matchLabels": {"x": "y"}, "matchExpressions": [own, IN_A]}


def test_no_selector_and_no_such_label_are_left():
    without, other = {"topologyKey": "zone", "matchLabelKeys": ["a"]}, term(matchLabelKeys=["none"])
    spec = {"topologySpreadConstraints": [without, other], "affinity": {"podAffinity": {}, "podAntiAffinity": None}}

    merge(spec, LABELS)

    assert "labelSelector" not in without
    assert other["labelSelector"] == {}
