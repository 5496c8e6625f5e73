from __future__ import annotations

import pytest

from sampan_rbac.bootstrap_policy import components, user_facing
from sampan_rbac.grammar import binding, cluster_role, paths, role, rule, user
from sampan_rbac.kinds import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    ROLE,
    ROLE_BINDING,
    STORED,
    default_binding,
)


def problems_of(kind, obj, old=None):
    return {problem.path: problem.message for problem in kind.validate(obj, old)}


def test_the_group_of_a_role_and_of_people_is_filled_in():
    made = {"roleRef": {"kind": "Role", "name": "r", "apiGroup": ""}, "subjects": [{"kind": "User", "name": "x"}]}

    default_binding(made)

    assert made["roleRef"]["apiGroup"] == made["subjects"][0]["apiGroup"] == "rbac.authorization.k8s.io"


def test_every_standard_object_is_valid():
    kinds = {kind.kind: kind for kind in STORED}

    for manifest in (*user_facing.manifests(), *components.manifests()):
        assert problems_of(kinds[manifest["kind"]], manifest) == {}


def test_the_standard_objects_have_distinct_names():
    names = [(m["kind"], m["metadata"]["name"]) for m in (*user_facing.manifests(), *components.manifests())]

    assert len(names) == len(set(names))


def test_the_role_of_a_binding_cannot_change():
    old, new = binding("a", "b", "r", user("x")), binding("a", "b", "other", user("x"))

    assert "cannot change roleRef" in problems_of(ROLE_BINDING, new, old)["roleRef"]


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ([{"apiGroups": [""], "resources": ["pods"]}], "rules[0].verbs"),
        ([{"verbs": ["get"], "resources": ["pods"]}], "rules[0].apiGroups"),
        ([{"verbs": ["get"], "apiGroups": [""]}], "rules[0].resources"),
        ([paths("get", "/x")], "rules[0].nonResourceURLs"),
    ],
)
def test_a_role_must_say_what_it_allows(rules, path):
    assert path in problems_of(ROLE, {"rules": rules})


def test_a_rule_is_about_resources_or_paths():
    mixed = {**rule("get", "", "pods"), "nonResourceURLs": ["/x"]}

    assert "cannot apply to both" in problems_of(CLUSTER_ROLE, cluster_role("r", [mixed]))["rules[0].nonResourceURLs"]


def test_an_aggregation_rule_needs_selectors():
    assert "aggregationRule.clusterRoleSelectors" in problems_of(CLUSTER_ROLE, {"aggregationRule": {}})


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        ({"kind": "User", "apiGroup": "rbac.authorization.k8s.io"}, "subjects[0].name"),
        ({"kind": "Robot", "name": "x"}, "subjects[0].kind"),
        ({"kind": "ServiceAccount", "name": "x", "namespace": "a", "apiGroup": "y"}, "subjects[0].apiGroup"),
        ({"kind": "Group", "name": "x", "apiGroup": "y"}, "subjects[0].apiGroup"),
    ],
)
def test_a_subject_must_be_named(subject, path):
    assert path in problems_of(ROLE_BINDING, binding("a", "b", "r", subject))


def test_an_account_without_a_namespace_is_of_the_role_bindings_own():
    account = {"kind": "ServiceAccount", "name": "x"}

    assert problems_of(ROLE_BINDING, binding("a", "b", "r", account)) == {}
    found = problems_of(CLUSTER_ROLE_BINDING, {**binding("", "b", "r", account), "kind": "ClusterRoleBinding"})
    assert "subjects[0].namespace" in found


def test_a_cluster_binding_names_cluster_roles_only():
    assert "roleRef.kind" in problems_of(CLUSTER_ROLE_BINDING, binding("a", "b", "r"))


def test_a_binding_prints_its_subjects():
    robot = {"kind": "ServiceAccount", "name": "r", "namespace": "n"}
    shown = {c.name: c.cell(binding("a", "b", "r", user("x"), user("y"), robot)) for c in ROLE_BINDING.columns}

    assert (shown["Role"], shown["Users"], shown["Groups"], shown["ServiceAccounts"]) == ("Role/r", "x, y", "", "n/r")


def test_a_role_prints_its_birth():
    made = role("a", "r")
    made["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"

    assert [column.cell(made) for column in ROLE.columns] == ["r", "2026-01-01T00:00:00Z"]
