"""Rules in the version of the request first, then in the others; selectors by labels of object and namespace."""

import pytest

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan.errors import NotFound
from sampan_admission.criteria import Criteria
from sampan_admission.subjects import ObjectKind, Subject

V1 = Resource("autoscaling", "v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
V2 = V1._replace(version="v2")
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)
NODES = Resource("", "v1", "nodes", "Node", False)


def subject(resource=V1, equivalents=(V2, V1), namespace="default", operation="CREATE", name="x"):
    kind = ObjectKind(resource.group, resource.version, resource.kind)
    return Subject(operation, resource, "", kind, namespace, name, User("joe"), False, {}, equivalents)


def rule(version="v2", **more):
    plurals = ["horizontalpodautoscalers"]
    groups = ["autoscaling"]
    return {"apiGroups": groups, "apiVersions": [version], "resources": plurals, "operations": ["*"], **more}


def no_namespace(name):
    raise NotFound(f'namespaces "{name}" not found')


def test_an_equivalent_version_matches_unless_the_policy_is_exact():
    assert Criteria.of_webhook({"rules": [rule()]}).resource(subject()) == V2
    assert Criteria.of_webhook({"rules": [rule()], "matchPolicy": "Exact"}).resource(subject()) is None
    assert Criteria.of_webhook({"rules": [rule("v2"), rule("v1")]}).resource(subject()) == V1


def test_a_webhook_without_rules_matches_nothing_and_a_policy_everything():
    assert Criteria.of_webhook({}).resource(subject()) is None
    assert Criteria.of_policy({}).resource(subject()) == V1


def test_excluded_rules_count_first_in_any_version():
    match = {"resourceRules": [rule("*")], "excludeResourceRules": [rule("v2", resourceNames=["x"])]}
    criteria = Criteria.of_policy(match)

    assert criteria.resource(subject(name="x")) is None
    assert criteria.resource(subject(name="y")) == V1


def test_names_narrow_a_rule_of_a_policy():
    criteria = Criteria.of_policy({"resourceRules": [rule("v1", resourceNames=["x", "y"])]})

    assert criteria.resource(subject(name="y")) == V1
    assert criteria.resource(subject(name="z")) is None


def test_a_table_asks_whether_any_version_concerns():
    criteria = Criteria.of_webhook({"rules": [rule("v2", operations=["UPDATE"])]})

    assert criteria.concerns((V2, V1), "", "UPDATE")
    assert not criteria.concerns((V2, V1), "", "CREATE")
    assert not criteria.concerns((V1,), "", "UPDATE")
    assert Criteria.of_policy({}).concerns((V1,), "", "DELETE")


@pytest.mark.parametrize(
    ("labels", "old", "wanted"), [({"a": "b"}, None, True), ({}, {"a": "b"}, True), ({}, {}, False)]
)
def test_the_object_selector_takes_a_request_whose_new_or_old_object_is_labelled(labels, old, wanted):
    criteria = Criteria.of_webhook({"objectSelector": {"matchLabels": {"a": "b"}}})
    before = None if old is None else {"metadata": {"labels": old}}

    assert criteria.selects(subject(), {"metadata": {"labels": labels}}, before, lambda name: {}) is wanted


def test_the_namespace_selector_asks_for_the_namespace_of_the_request():
    criteria = Criteria.of_webhook({"namespaceSelector": {"matchLabels": {"team": "a"}}})
    labels = {"one": {"team": "a"}, "two": {}}

    assert criteria.selects(subject(namespace="one"), {}, None, labels.__getitem__)
    assert not criteria.selects(subject(namespace="two"), {}, None, labels.__getitem__)
    with pytest.raises(NotFound):
        criteria.selects(subject(namespace="three"), {}, None, no_namespace)


def test_a_namespace_is_selected_by_its_own_new_labels_and_what_has_none_always():
    criteria = Criteria.of_webhook({"namespaceSelector": {"matchLabels": {"team": "a"}}})
    own = subject(NAMESPACES, (NAMESPACES,), "one")

    assert criteria.selects(own, {"metadata": {"labels": {"team": "a"}}}, None, no_namespace)
    assert not criteria.selects(own, {"metadata": {}}, None, no_namespace)
    assert criteria.selects(subject(NODES, (NODES,), ""), {}, None, no_namespace)


def test_a_deleted_namespace_is_selected_by_the_labels_that_it_has():
    criteria = Criteria.of_webhook({"namespaceSelector": {"matchLabels": {"team": "a"}}})
    own = subject(NAMESPACES, (NAMESPACES,), "one", "DELETE")

    assert criteria.selects(own, None, {}, lambda name: {"team": "a"})


def test_no_namespace_is_asked_for_where_the_object_selector_refuses():
    criteria = Criteria.of_webhook({
        "objectSelector": {"matchLabels": {"a": "b"}}, "namespaceSelector": {"matchLabels": {"team": "a"}},
    })  # fmt: skip

    assert not criteria.selects(subject(), {}, None, no_namespace)
