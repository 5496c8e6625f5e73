from __future__ import annotations

import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import Forbidden, NotFound
from sampan_machinery.resources import NAMESPACES
from sampan_namespaces.kind import NAMESPACE
from sampan_namespaces.lifecycle import NamespaceLifecycle
from sampan_testing.shelves import Shelf

PODS = Kind(group="", version="v1", kind="Pod", plural="pods")


def review(reader, *, operation="CREATE", kind=PODS, namespace="a", name="web"):
    return Review(operation, kind, "", namespace, name, {}, None, ANONYMOUS, False, reader)


@pytest.fixture
def shelf():
    return Shelf([(NAMESPACES, {"metadata": {"name": "a"}})])


def test_a_namespace_that_is_there_lets_objects_in(shelf):
    NamespaceLifecycle().admit(review(shelf))


def test_an_absent_namespace_is_not_found(shelf):
    with pytest.raises(NotFound, match='namespaces "b" not found'):
        NamespaceLifecycle().admit(review(shelf, namespace="b"))


def test_a_namespace_made_later_is_seen(shelf):
    rule = NamespaceLifecycle()
    with pytest.raises(NotFound):
        rule.admit(review(shelf, namespace="b"))

    shelf.put(NAMESPACES, {"metadata": {"name": "b"}})

    rule.admit(review(shelf, namespace="b"))


def test_an_ending_namespace_takes_nothing_new_but_lets_changes_pass(shelf):
    rule = NamespaceLifecycle()
    rule.admit(review(shelf))
    shelf.put(NAMESPACES, {"metadata": {"name": "a", "deletionTimestamp": "2026-01-01T00:00:00Z"}})

    with pytest.raises(Forbidden, match="unable to create new content in namespace a") as refused:
        rule.admit(review(shelf))

    assert refused.value.to_status()["details"]["causes"] == [
        {"reason": "NamespaceTerminating", "message": "namespace a is being terminated", "field": "metadata.namespace"}
    ]
    rule.admit(review(shelf, operation="UPDATE"))


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_the_permanent_namespaces_cannot_be_deleted(shelf, name):
    with pytest.raises(Forbidden, match="this namespace may not be deleted"):
        NamespaceLifecycle().admit(review(shelf, operation="DELETE", kind=NAMESPACE, namespace="", name=name))


def test_any_other_namespace_can_be_deleted(shelf):
    NamespaceLifecycle().admit(review(shelf, operation="DELETE", kind=NAMESPACE, namespace="", name="a"))
