from __future__ import annotations

from sampan_networkpolicy.deciding import Allowed, Block, PolicyRules, Ports
from sampan_networkpolicy.rules import bridge_table, difference, filter_table, remove, whole

OPEN = Allowed(None, None, None, None)


def rules(content=(OPEN,), families=(4,), **more):
    return PolicyRules(families, chains={"i_1": content}, ingress={"10.0.0.1": "i_1"}, **more)


def chain(*content, families=(4,)):
    return filter_table("t", rules(content, families)).chains["i_1"]


def test_a_chain_returns_for_what_is_allowed_and_drops_the_rest():
    assert chain() == ("drop",)
    assert chain(OPEN) == ("return", "drop")
    block, ports = Block("10.0.0.0/8", ("10.1.0.0/16",)), Ports("tcp", ((80, 80), (90, 99)))
    assert chain(Allowed(("p_1",), (block,), (ports,), None)) == (
        "ip saddr @p_1_4 tcp dport { 80, 90-99 } return",
        "ip saddr 10.0.0.0/8 ip saddr != 10.1.0.0/16 tcp dport { 80, 90-99 } return",
        "drop",
    )  # fmt: skip
    assert chain(Allowed(None, None, (Ports("udp", ()),), ("n_1",))) == (
        "meta l4proto udp return", "ip daddr . meta l4proto . th dport @n_1_4 return", "drop",
    )  # fmt: skip


def test_egress_looks_at_the_target():
    table = filter_table("t", PolicyRules(chains={"e_1": (Allowed(("p_1",), None, None, None),)}))
    assert table.chains["e_1"] == ("ip daddr @p_1_4 return", "drop")


def test_both_families_are_written_where_pods_have_both():
    assert chain(Allowed(("p_1",), (), None, None), families=(4, 6)) == (
        "ip saddr @p_1_4 return", "ip6 saddr @p_1_6 return", "drop",
    )  # fmt: skip
    assert chain(Allowed((), (Block("fd00::/8", ()),), None, None)) == ("ip6 saddr fd00::/8 return", "drop")


def test_equal_tables_have_no_difference():
    assert difference(filter_table("t", rules()), filter_table("t", rules())) == ""


def test_what_is_new_comes_first_and_what_is_unused_goes_last():
    old = filter_table("t", rules(peers={"p_1": frozenset({"10.0.0.9"})}))
    new = filter_table("t", PolicyRules(chains={"i_2": (OPEN,)}, ingress={"10.0.0.1": "i_2"}))
    assert difference(old, new).splitlines() == [
        "add chain inet t i_2",
        "add rule inet t i_2 return",
        "add rule inet t i_2 drop",
        "delete element inet t ingress4 { 10.0.0.1 : jump i_1 }",
        "add element inet t ingress4 { 10.0.0.1 : jump i_2 }",
        "flush chain inet t i_1",
        "delete chain inet t i_1",
        "delete set inet t p_1_4",
    ]


def test_a_whole_table_replaces_what_was_there():
    text = whole(bridge_table("t", {"10.0.0.1": "02:00:00:00:00:01", "fd00::1": "02:00:00:00:00:01"}))
    assert text.startswith("add table bridge t\ndelete table bridge t\ntable bridge t {")
    assert "add element bridge t gateway4 { 10.0.0.1 : 02:00:00:00:00:01 }" in text
    assert "add element bridge t gateway6 { fd00::1 : 02:00:00:00:00:01 }" in text
    assert remove("inet", "t") == "add table inet t\ndelete table inet t\n"
