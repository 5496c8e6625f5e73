"""The rights of hollow nodes."""

from __future__ import annotations

from sampan_hollow.policy import bootstrap_objects


def test_the_role_is_bound_to_the_components_user():
    role, binding = bootstrap_objects("system:hollow-nodes")

    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"][0]["name"] == "system:hollow-nodes"
    assert not any("*" in rule["verbs"] or "*" in rule["resources"] for rule in role["rules"])
