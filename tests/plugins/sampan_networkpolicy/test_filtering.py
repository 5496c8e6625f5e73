"""Policies in a real kernel: pods on a bridge, with and without br_netfilter, and a machine outside."""

from __future__ import annotations

import itertools
import json
import random
import subprocess

import pytest
import sctp

from sampan_networkpolicy import bridging
from sampan_networkpolicy.deciding import PolicyRules, decide
from sampan_networkpolicy.filtering import PolicyFilter
from sampan_networkpolicy.rules import bridge_table, filter_table, whole
from sampan_networkpolicy.subjects import PolicyPod

pytestmark = pytest.mark.root

NAMESPACES = {"d": {"kubernetes.io/metadata.name": "d"}}
PODS = [
    PolicyPod("d", name, "n1", {"pod": name}, (f"10.9.0.{number}",), frozenset({("web", "tcp", 80)}))
    for number, name in enumerate("abc", 2)
]
TO_B = {"matchLabels": {"pod": "b"}}
ONLY_A = [{"podSelector": {"matchLabels": {"pod": "a"}}}]


def policy(name="p", **spec):
    return {"metadata": {"name": name, "namespace": "d"}, "spec": {"podSelector": TO_B, **spec}}


def rules_of(*policies, pods=PODS):
    return decide(policies, pods, NAMESPACES, "n1")


@pytest.fixture
def filter(bridged):
    hardware = lambda addresses: bridged.node.do(lambda: _hardware(bridged, addresses))  # noqa: E731
    found = PolicyFilter(bridged.kernel, "sampan_test", hardware=hardware, bridges=True)
    yield found
    found.remove()
    assert ruleset(bridged) == []


def _hardware(bridged, addresses):
    """As in the namespace: /sys shows the interfaces of the one it was mounted in."""
    said = subprocess.run(["ip", "-n", bridged.node.name, "-j", "link", "show", "br0"], capture_output=True, check=True)
    return dict.fromkeys(addresses, json.loads(said.stdout)[0]["address"])


def ruleset(bridged):
    command = ["ip", "netns", "exec", bridged.node.name, "nft", "-j", "list", "ruleset"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=20).stdout)["nftables"]
    return [item for item in found if "metainfo" not in item]


def reaching(bridged, target, port=80, protocol="tcp"):
    """Who reaches it."""
    return "".join(n[0] for n in ("a", "b", "c", "out", "node") if n != target and
                   bridged.reaches(n, target, port, protocol))  # fmt: skip


def test_ingress_is_limited_to_the_allowed_pods_and_the_node(bridged, filter):
    assert reaching(bridged, "b") == "acon"

    filter.apply(rules_of(policy(ingress=[{"from": ONLY_A, "ports": [{"port": 80}]}])))
    assert reaching(bridged, "b") == "an"
    assert reaching(bridged, "b", 81) == "n"
    assert reaching(bridged, "b", 80, "udp") == "n"
    assert bridged.reaches("b", "c")
    assert bridged.reaches("b", "out")


def test_egress_is_limited_and_the_node_always_reached(bridged, filter):
    block = {"ipBlock": {"cidr": "10.51.0.0/24"}}
    filter.apply(rules_of(policy(policyTypes=["Egress"], egress=[{"to": [block], "ports": [{"port": 80}]}])))

    assert [bridged.reaches("b", other) for other in ("a", "c", "out", "node")] == [False, False, True, True]
    assert not bridged.reaches("b", "out", 81)
    assert reaching(bridged, "b") == "acon"


def test_a_blocks_exceptions_and_named_and_ranged_ports_hold(bridged, filter):
    block = {"ipBlock": {"cidr": "10.9.0.0/24", "except": ["10.9.0.4/32"]}}
    filter.apply(rules_of(policy(ingress=[{"from": [block], "ports": [{"port": "web"}]}])))
    assert (reaching(bridged, "b"), reaching(bridged, "b", 81)) == ("an", "n")

    filter.apply(rules_of(policy(ingress=[{"ports": [{"port": 81, "endPort": 90}]}])))
    assert (reaching(bridged, "b"), reaching(bridged, "b", 81)) == ("n", "acon")

    filter.apply(rules_of(policy(ingress=[{"ports": [{"protocol": "UDP"}]}])))
    assert (reaching(bridged, "b"), reaching(bridged, "b", 80, "udp")) == ("n", "acon")


def test_established_connections_stay_and_new_ones_are_judged(bridged, filter):
    filter.apply(rules_of(policy("other", podSelector={"matchLabels": {"pod": "b"}}, ingress=[{}])))
    connection = bridged.connect("c", "b")
    filter.apply(rules_of(policy(ingress=[{"from": ONLY_A}])))
    assert not bridged.reaches("c", "b")
    connection.sendall(b"still")
    assert connection.recv(10) == b"still"
    connection.close()


def test_connections_from_before_the_first_policy_stay_where_bridged_frames_pass_the_filter(bridged, filter):
    filter.apply(rules_of())
    connection = bridged.connect("c", "b")
    connection.settimeout(60 if bridged.filtered else 1)
    filter.apply(rules_of(policy(ingress=[{"from": ONLY_A}])))
    connection.sendall(b"still")
    if bridged.filtered:
        assert connection.recv(10) == b"still"
    else:  # the kernel has not seen how the connection began
        with pytest.raises(TimeoutError):
            connection.recv(10)
    connection.close()


def test_rules_stay_when_the_process_ends_and_are_replaced_at_once_by_the_next(bridged, filter):
    filter.apply(rules_of(policy(ingress=[])))
    assert reaching(bridged, "b") == "n"

    successor = PolicyFilter(bridged.kernel, "sampan_test", hardware=lambda a: _hardware(bridged, a), bridges=True)
    successor.apply(rules_of(policy(ingress=[{"from": ONLY_A}])))
    assert reaching(bridged, "b") == "an"


def test_clusters_side_by_side_have_rules_of_their_own(bridged, filter):
    other = PolicyFilter(bridged.kernel, "sampan_other", hardware=lambda a: _hardware(bridged, a), bridges=True)
    filter.apply(rules_of(policy(ingress=[{"from": ONLY_A}])))
    other.apply(decide([], PODS, NAMESPACES, "n1"))
    assert reaching(bridged, "b") == "an"
    other.remove()
    assert reaching(bridged, "b") == "an"


def test_a_table_that_others_have_removed_is_written_again(bridged, filter):
    filter.apply(rules_of(policy(ingress=[{"from": ONLY_A}])))
    bridged.kernel.run("delete table inet sampan_test\n")
    filter.apply(rules_of(policy(ingress=[])))
    assert reaching(bridged, "b") == "n"


def test_a_pod_reaches_itself(bridged, filter):
    filter.apply(rules_of(policy(policyTypes=["Ingress", "Egress"])))
    assert bridged.reaches("b", "b")


def contents(bridged):
    """Everything in the kernel in a comparable order, without what the kernel numbers."""
    found = []
    for item in ruleset(bridged):
        for kind, each in item.items():
            plain = {key: value for key, value in each.items() if key not in ("handle", "elem")}
            elements = sorted(json.dumps(one, sort_keys=True) for one in each.get("elem", ()))
            found.append(json.dumps([kind, plain, elements], sort_keys=True))
    return sorted(found)


def test_differences_end_where_a_whole_write_would(bridged, filter, caplog):
    chance = random.Random(5)
    selectors = [{}, TO_B, {"matchLabels": {"pod": "a"}}, {"matchExpressions": [{"key": "pod", "operator": "Exists"}]}]
    ports = [{"port": "web"}, {"port": 81}]
    for _ in range(25):
        policies = [
            policy(
                f"p{number}", podSelector=chance.choice(selectors), policyTypes=["Ingress", "Egress"],
                ingress=[{"from": [{"podSelector": chance.choice(selectors)}], "ports": ports}] * chance.randrange(2),
                egress=[{"to": [{"namespaceSelector": {}}]}] * chance.randrange(2),
            )
            for number in range(chance.randrange(4))
        ]  # fmt: skip
        rules = rules_of(*policies, pods=chance.sample(PODS, chance.randrange(1, 4)))
        filter.apply(rules)
        by_difference = contents(bridged)
        bridged.kernel.run(whole(filter_table("sampan_test", rules)))
        bridged.kernel.run(whole(bridge_table("sampan_test", _hardware(bridged, rules.isolated))))
        assert by_difference == contents(bridged)
    assert [each for each in caplog.records if each.name.startswith("sampan")] == []  # no difference was refused


def test_a_pod_that_comes_touches_only_its_own_elements(bridged, filter):
    many = [PODS[0]._replace(name=f"m{n}", addresses=(f"10.8.{n // 250}.{n % 250 + 1}",)) for n in range(2000)]
    policies = [policy(ingress=[{"from": [{"podSelector": {}}]}])]
    filter.apply(rules_of(*policies, pods=[*PODS[:2], *many]))
    filter.apply(rules_of(*policies, pods=[*PODS, *many]))
    assert len(bridged.kernel.scripts[-1]) < 300


def test_every_pair_is_judged_by_both_ends(bridged, filter):
    filter.apply(rules_of(
        policy("in", podSelector={}, policyTypes=["Ingress"], ingress=[{"from": ONLY_A}]),
        policy("out", podSelector={"matchLabels": {"pod": "a"}}, policyTypes=["Egress"],
               egress=[{"to": [{"podSelector": TO_B}]}]),
    ))  # fmt: skip
    passing = {(x, y) for x, y in itertools.permutations("abc", 2) if bridged.reaches(x, y)}
    assert passing == {("a", "b")}


def test_without_policies_nothing_is_isolated():
    assert decide([], PODS, NAMESPACES, "n1") == PolicyRules()
    assert bridging.hardware([]) == {}


def test_sctp_is_let_through_by_source_and_port(bridged, filter):
    filter.apply(rules_of(policy(ingress=[{"from": ONLY_A, "ports": [{"protocol": "SCTP", "port": 7777}]}])))

    with bridged.spaces["b"].do(sctp.opened) as pod:
        for name, port in (("c", 7777), ("a", 7778), ("a", 7777)):  # the last one is let through
            with bridged.spaces[name].do(sctp.opened) as end:
                end.sendto(sctp.init(40001, port), ("10.9.0.3", 0))
        seen = pod.recvfrom(1500)

    assert (seen[1][0], sctp.ports(seen[0])) == ("10.9.0.2", (40001, 7777))
