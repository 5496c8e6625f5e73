import pytest

from sampan_aggregation.discovery import resources


def document(*entries, kind="APIResourceList"):
    return {"kind": kind, "resources": list(entries)}


PODS = {"name": "pods", "kind": "PodMetrics", "namespaced": True, "verbs": ["get", "list"], "shortNames": ["pm"]}


def test_a_resource_is_told_in_the_aggregated_form():
    assert resources(document(PODS), "metrics.k8s.io", "v1beta1") == [
        {
            "resource": "pods",
            "responseKind": {"group": "metrics.k8s.io", "version": "v1beta1", "kind": "PodMetrics"},
            "scope": "Namespaced",
            "singularResource": "",
            "verbs": ["get", "list"],
            "shortNames": ["pm"],
        }
    ]


def test_a_subresource_is_below_its_parent_wherever_it_stands():
    sub = {"name": "pods/history", "kind": "History", "group": "x", "version": "v2", "verbs": ["get"]}
    (found,) = resources(document(sub, PODS), "g", "v1")

    assert found["subresources"] == [
        {"subresource": "history", "responseKind": {"group": "x", "version": "v2", "kind": "History"}, "verbs": ["get"]}
    ]
    assert found["verbs"] == ["get", "list"]


def test_a_parent_that_is_not_served_has_no_kind():
    (found,) = resources(document({"name": "nodes/proxy", "kind": "X"}), "g", "v1")

    assert (found["resource"], found["scope"], found["verbs"]) == ("nodes", "Cluster", [])
    assert "responseKind" not in found


@pytest.mark.parametrize("odd", [None, [], {"kind": "Other"}, document("x"), document({"kind": "X"})])
def test_what_is_no_list_is_refused(odd):
    with pytest.raises(ValueError):
        resources(odd, "g", "v1")


def test_words_that_are_none_are_left_out():
    (found,) = resources(document({**PODS, "verbs": "get", "shortNames": 7}), "g", "v1")

    assert found["verbs"] == []
    assert "shortNames" not in found
