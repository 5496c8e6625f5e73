from __future__ import annotations

import yaml

from sampan_dashboard.permissions import Rules, missing_rule, scope_of
from sampan_machinery.resources import DEPLOYMENTS, NODES, PODS, SECRETS


def rules(*found, incomplete=False):
    return Rules.read({"status": {"resourceRules": list(found), "incomplete": incomplete}})


def rule(verbs, groups, resources, names=None):
    found = {"verbs": verbs, "apiGroups": groups, "resources": resources}
    return {**found, "resourceNames": names} if names else found


def test_a_rule_allows_what_it_names_and_no_more():
    found = rules(rule(["get", "list"], [""], ["pods"]))

    assert found.may("list", PODS)
    assert not found.may("delete", PODS)
    assert not found.may("list", SECRETS)
    assert not found.may("list", DEPLOYMENTS)
    assert not found.may("get", PODS, "web", "log")


def test_stars_stand_for_all():
    found = rules(rule(["*"], ["*"], ["*"]))

    assert found.may("delete", DEPLOYMENTS, "web")
    assert found.may("patch", DEPLOYMENTS, "web", "scale")
    assert rules(rule(["patch"], ["apps"], ["*/scale"])).may("patch", DEPLOYMENTS, "web", "scale")
    assert not rules(rule(["patch"], ["apps"], ["*/scale"])).may("patch", DEPLOYMENTS, "web")


def test_a_rule_for_some_names_is_for_those():
    found = rules(rule(["get"], [""], ["secrets"], ["one"]))

    assert found.may("get", SECRETS, "one")
    assert not found.may("get", SECRETS, "two")


def test_where_the_cluster_cannot_tell_all_is_offered():
    assert rules(incomplete=True).may("delete", PODS)
    assert Rules.unknown().may("delete", PODS)
    assert not rules().may("delete", PODS)


def test_the_missing_rule_is_a_role_that_would_allow_it():
    found = yaml.safe_load(missing_rule("patch", DEPLOYMENTS, "shop", "scale"))

    assert found == {
        "kind": "Role",
        "metadata": {"name": "patch-deployments", "namespace": "shop"},
        "rules": [{"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"]}],
    }
    assert yaml.safe_load(missing_rule("list", NODES))["kind"] == "ClusterRole"
    assert rules(*found["rules"]).may("patch", DEPLOYMENTS, "web", "scale")


def test_what_has_no_namespace_is_asked_for_in_none():
    assert scope_of(NODES, "default") == ""
    assert scope_of(PODS, "default") == "default"
