from __future__ import annotations

from sampan_federation.placement.grouping import NO_PEERS, Peers, are_peers, groups_of, peers_of

SAID = {"workloadAffinity": {"affinity": {"groupByLabelKey": "app"}, "antiAffinity": {"groupByLabelKey": "ha"}}}


def binding(name, together="", apart="", namespace="default"):
    groups = {"affinityGroup": together, "antiAffinityGroup": apart}
    groups = {field: value for field, value in groups.items() if value}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"workloadAffinityGroups": groups}}


def on(*names):
    return [{"name": each} for each in names]


def test_groups_are_named_by_the_labels_of_the_template():
    assert groups_of({"metadata": {"labels": {"app": "shop", "ha": "db"}}}, SAID) == {
        "affinityGroup": "app=shop", "antiAffinityGroup": "ha=db",
    }  # fmt: skip
    assert groups_of({"metadata": {"labels": {"app": ""}}}, SAID) == {"affinityGroup": "app="}
    assert groups_of({"metadata": {}}, SAID) == {}
    assert groups_of({"metadata": {"labels": {"app": "shop"}}}, {}) == {}


def test_the_first_of_a_group_goes_anywhere_and_later_ones_where_all_others_are():
    mine = binding("a", together="app=shop")
    assert peers_of(mine, [(mine, on("east")), (binding("b", together="app=shop"), [])]) == NO_PEERS

    peers = peers_of(
        mine, [(binding("b", together="app=shop"), on("east", "west")), (binding("c", together="app=shop"), on("west"))]
    )

    assert peers.why_not("west") == ""
    assert "affinity group is not there" in peers.why_not("east")


def test_those_that_run_apart_avoid_each_other():
    peers = peers_of(
        binding("a", apart="ha=db"),
        [(binding("b", apart="ha=db"), on("east")), (binding("c", apart="ha=web"), on("west"))],
    )

    assert "anti-affinity group is there" in peers.why_not("east")
    assert peers.why_not("west") == ""


def test_a_binding_without_groups_has_no_peers():
    assert peers_of(binding("a"), [(binding("b", together="app=shop"), on("east"))]) == NO_PEERS
    assert not are_peers(binding("a"), binding("b"))
    assert are_peers(binding("a", apart="ha=db"), binding("b", apart="ha=db"))


def test_what_others_have_to_leave_does_not_hold():
    peers = Peers((frozenset({"east"}), frozenset({"east", "west"})), frozenset({"north"}))

    assert peers.without({"east"}) == Peers((frozenset({"west"}),), frozenset({"north"}))
