"""Groups of Kubernetes' community."""

import pytest
from crd_samples import definition

from sampan_crds import approval


def in_group(group, text=None):
    crd = definition(group=group)
    if text is not None:
        crd["metadata"]["annotations"] = {approval.ANNOTATION: text}
    return crd


@pytest.mark.parametrize(
    ("group", "protected"),
    [("k8s.io", True), ("a.k8s.io", True), ("a.kubernetes.io", True), ("ak8s.io", False), ("a.x-k8s.io", False)],
)
def test_which_groups_are_protected(group, protected):
    assert approval.is_protected(group) is protected


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        (None, "False", "MissingAnnotation"),
        ("https://github.com/kubernetes/kubernetes/pull/1", "True", "ApprovedAnnotation"),
        ("unapproved, for a test", "False", "UnapprovedAnnotation"),
        ("yes", "False", "InvalidAnnotation"),
    ],
)
def test_the_condition_tells_the_approval(text, status, reason):
    found = approval.condition_of(in_group("a.k8s.io", text))

    assert (found["status"], found["reason"]) == (status, reason)


def test_other_groups_have_no_such_condition():
    assert approval.condition_of(in_group("toys.example")) is None
