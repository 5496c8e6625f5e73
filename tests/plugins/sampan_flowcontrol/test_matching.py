from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan_flowcontrol.matching import distinguisher, find, in_order, matches, schema_of

ACCOUNT = User("system:serviceaccount:kube-system:dns")


def subject(kind, **fields):
    key = {"User": "user", "Group": "group", "ServiceAccount": "serviceAccount"}[kind]
    return {"kind": kind, key: fields}


@pytest.mark.parametrize(
    "found, user, is_it",
    [
        (subject("User", name="jane"), User("jane"), True),
        (subject("User", name="*"), User("bob"), True),
        (subject("User", name="jane"), User("bob"), False),
        (subject("Group", name="dev"), User("jane", ("dev",)), True),
        (subject("Group", name="*"), User("jane"), True),
        (subject("Group", name="ops"), User("jane", ("dev",)), False),
        (subject("ServiceAccount", name="dns", namespace="kube-system"), ACCOUNT, True),
        (subject("ServiceAccount", name="*", namespace="kube-system"), ACCOUNT, True),
        (subject("ServiceAccount", name="*", namespace="default"), ACCOUNT, False),
        (subject("ServiceAccount", name="*", namespace="kube-system"), User("dns"), False),
    ],
)
def test_a_subject_is_a_user_a_group_or_an_account(schema, request_of, found, user, is_it):
    assert matches(schema_of(schema(**found)), request_of(user=user)) is is_it


RULE = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["default"]}


@pytest.mark.parametrize(
    "changed, request_, is_it",
    [
        ({}, {}, True),
        ({}, {"verb": "list"}, False),
        ({}, {"subresource": "log"}, False),
        ({"resources": ["pods/log"]}, {"subresource": "log"}, True),
        ({"apiGroups": ["apps"]}, {}, False),
        ({"namespaces": ["other"]}, {}, False),
        ({}, {"namespace": ""}, False),
        ({"clusterScope": True}, {"namespace": ""}, True),
    ],
)
def test_a_resource_rule_counts_where_each_field_matches(schema, request_of, changed, request_, is_it):
    rules = [{"subjects": [subject("User", name="*")], "resourceRules": [{**RULE, **changed}]}]

    assert matches(schema_of(schema(rules=rules)), request_of(**request_)) is is_it


@pytest.mark.parametrize(
    "url, path, is_it",
    [
        ("*", "/x", True),
        ("/healthz", "/healthz", True),
        ("/healthz", "/healthz/etcd", True),
        ("/healthz", "/healthzz", False),
        ("/apis/*", "/apis/a", True),
    ],
)
def test_a_path_is_matched_by_prefix(schema, request_of, url, path, is_it):
    rules = [
        {"subjects": [subject("User", name="*")], "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": [url]}]}
    ]

    assert matches(schema_of(schema(rules=rules)), request_of(resource="", path=path)) is is_it


def test_the_lowest_precedence_is_asked_first_then_the_name(schema, request_of):
    ordered = in_order([schema("b", 5), schema("a", 5), schema("c", 1)])

    assert [each.name for each in ordered] == ["c", "a", "b"]
    assert find(ordered, request_of()).name == "c"
    assert find([], request_of()) is None


def test_flows_are_told_apart_by_user_or_namespace(schema, request_of):
    by = [distinguisher(schema_of(schema(by=each)), request_of()) for each in ("ByUser", "ByNamespace", "")]

    assert by == ["jane", "default", ""]
