"""A component's rights as two objects."""

from __future__ import annotations

from sampan_machinery.roles import BOOTSTRAPPED, granted, rule


def test_the_binding_gives_the_user_the_role():
    role, binding = granted("system:x", [rule("", "pods nodes", "get list")])

    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": ["get", "list"]}]
    assert role["metadata"]["name"] == binding["metadata"]["name"] == binding["roleRef"]["name"] == "system:x"
    assert [(each["kind"], each["name"]) for each in binding["subjects"]] == [("User", "system:x")]


def test_both_have_the_name_and_metadata_that_are_asked_for():
    both = granted("system:serviceaccount:a:b", [], name="b", **BOOTSTRAPPED)

    assert [each["metadata"] for each in both] == [{"name": "b", **BOOTSTRAPPED}] * 2
    assert both[1]["subjects"][0]["name"] == "system:serviceaccount:a:b"
