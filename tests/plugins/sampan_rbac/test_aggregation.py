from __future__ import annotations

from sampan.contracts.reconciling import Key, Update
from sampan_machinery.resources import CLUSTER_ROLES
from sampan_rbac.aggregation import aggregate, gatherers
from sampan_rbac.bootstrap_policy import user_facing
from sampan_rbac.grammar import cluster_role, rule
from sampan_testing.shelves import Shelf


def shelf(*roles):
    return Shelf((CLUSTER_ROLES, made) for made in roles)


def test_a_role_gathers_the_rules_of_those_it_selects():
    part = cluster_role("part", [rule("get", "x", "y")], into="view")
    found = list(aggregate(Key("", "view"), shelf(cluster_role("view", [], gathers="view"), part)))

    assert [(type(action), action.object["rules"]) for action in found] == [(Update, [rule("get", "x", "y")])]


def test_a_role_that_has_them_is_left_alone():
    part = cluster_role("part", [rule("get", "x", "y")], into="view")
    view = cluster_role("view", [rule("get", "x", "y")], gathers="view")

    assert list(aggregate(Key("", "view"), shelf(view, part))) == []


def test_the_standard_roles_are_gathered_already():
    observed = shelf(*(made for made in user_facing.manifests() if made["kind"] == "ClusterRole"))

    assert [list(aggregate(Key("", name), observed)) for name in ("view", "edit", "admin", "cluster-admin")] == [[]] * 4


def test_any_change_concerns_the_gathering_roles_only():
    observed = shelf(cluster_role("view", [], gathers="view"), cluster_role("part", []))

    assert gatherers({}, observed) == [Key("", "view")]
