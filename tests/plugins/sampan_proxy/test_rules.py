"""The text of the rules."""

from __future__ import annotations

from sampan_proxy.filtering import stale_flows
from sampan_proxy.rules import MARKS, build, difference, remove, whole
from sampan_proxy.wanted import Backend, BackendSet, Frontend

A, B = Backend("10.1.0.1", 80), Backend("10.1.0.2", 80)
WEB = Frontend("10.96.0.5", "tcp", 80)
DNS = Frontend("10.96.0.10", "udp", 53)


def table(wanted):
    return build("t", "10.1.0.0/16", wanted)


def test_a_front_is_one_element_and_one_for_each_backend():
    made = table({WEB: BackendSet((A, B))})
    assert made.maps["svc"] == {"10.96.0.5 . tcp . 80": "goto n2"}
    assert made.maps["eps"] == {
        "10.96.0.5 . tcp . 80 . 0x00000000": "10.1.0.1 . 80",
        "10.96.0.5 . tcp . 80 . 0x00000001": "10.1.0.2 . 80",
    }
    assert "chain n2 { meta mark set numgen random mod 2;" in whole(made)


def test_a_whole_script_first_takes_away_what_was_there():
    assert whole(table({})).startswith("add table ip t\ndelete table ip t\ntable ip t {")
    assert remove("t") == "add table ip t\ndelete table ip t\n"


def test_the_same_needs_no_script():
    assert difference(table({WEB: BackendSet((A, B))}), table({WEB: BackendSet((A, B))})) == ""


def test_a_new_backend_is_a_few_elements():
    script = difference(table({WEB: BackendSet((A,))}), table({WEB: BackendSet((A, B))}))
    assert "delete element ip t svc { 10.96.0.5 . tcp . 80 : goto n1 }" in script
    assert "add element ip t svc { 10.96.0.5 . tcp . 80 : goto n2 }" in script
    assert "0x00000000" not in script


def test_with_affinity_a_backends_number_does_not_depend_on_the_others():
    one = table({WEB: BackendSet((B,), 60)}).maps["eps"]
    two = table({WEB: BackendSet((A, B), 60)}).maps["eps"]
    assert one.items() <= two.items()
    marks = [int(key.rpartition(" ")[2], 16) for key in two]
    assert all(mark and not mark & MARKS for mark in marks)


def test_node_ports_on_loopback_are_led_only_where_pods_live_there():
    assert "ip daddr != 127.0.0.0/8" in whole(table({WEB: BackendSet((A,))}))
    assert "ip daddr != 127.0.0.0/8" not in whole(table({WEB: BackendSet((Backend("127.0.0.9", 80),))}))


def test_udp_flows_to_what_has_changed_are_forgotten():
    node = Frontend("", "udp", 30053)
    old = table({DNS: BackendSet((A,)), WEB: BackendSet((A,)), node: BackendSet((A,))})
    new = table({DNS: BackendSet((B,)), WEB: BackendSet((B,)), node: BackendSet(())})
    assert stale_flows(old, new) == [
        ["--orig-dst", "10.96.0.10", "--orig-port-dst", "53", "--reply-src", "10.1.0.1"],
        ["--orig-port-dst", "30053", "--reply-src", "10.1.0.1"],
    ]
    assert stale_flows(table({}), table({DNS: BackendSet((A,))})) == [
        ["--orig-dst", "10.96.0.10", "--orig-port-dst", "53"]
    ]
