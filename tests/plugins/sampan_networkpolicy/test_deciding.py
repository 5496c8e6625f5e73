"""Truth tables: connections between made-up pods, judged by the rules and by a slow reading of the API reference."""

from __future__ import annotations

import ipaddress
import itertools
import random

import pytest

from sampan_networkpolicy import deciding
from sampan_networkpolicy.deciding import decide, merged, policy_types
from sampan_networkpolicy.subjects import PolicyPod

NAMESPACES = {"x": {"ns": "x", "team": "one"}, "y": {"ns": "y", "team": "one"}, "z": {"ns": "z"}}
PORTS = frozenset({("serve-80-tcp", "tcp", 80), ("serve-80-udp", "udp", 80), ("serve-81-tcp", "tcp", 81)})
OTHER_PORTS = frozenset({("serve-80-tcp", "tcp", 8080), ("serve-81-tcp", "tcp", 81)})
OUTSIDE = "203.0.113.9"


def pods(node="n1"):
    return [
        PolicyPod(
            namespace, name, node, {"pod": name, **({"app": "web"} if name != "c" else {})},
            (f"10.{index}.0.{number}",), OTHER_PORTS if name == "b" else PORTS,
        )
        for index, namespace in enumerate(NAMESPACES, 1) for number, name in enumerate("abc", 1)
    ]  # fmt: skip


def policy(spec, namespace="x", name="p"):
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"podSelector": {}, **spec}}


# the slow reading


def matches(selector, labels):
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for one in selector.get("matchExpressions") or ():
        key, operator, values = one["key"], one["operator"], one.get("values") or ()
        good = {
            "In": key in labels and labels[key] in values, "NotIn": key not in labels or labels[key] not in values,
            "Exists": key in labels, "DoesNotExist": key not in labels,
        }[operator]  # fmt: skip
        if not good:
            return False
    return True


def is_peer(peer, namespace, address, pod):
    if "ipBlock" in peer:
        ip, block = ipaddress.ip_address(address), peer["ipBlock"]
        inside = ip in ipaddress.ip_network(block["cidr"], strict=False)
        return inside and not any(ip in ipaddress.ip_network(part) for part in block.get("except") or ())
    if pod is None:
        return False
    if "namespaceSelector" in peer:
        labels = {**NAMESPACES[pod.namespace], "kubernetes.io/metadata.name": pod.namespace}
        if not matches(peer["namespaceSelector"], labels):
            return False
    elif pod.namespace != namespace:
        return False
    return matches(peer.get("podSelector") or {}, pod.labels)


def is_port(port, protocol, number, target):
    if port.get("protocol", "TCP").lower() != protocol:
        return False
    wanted = port.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return target is not None and (wanted, protocol, number) in target.ports
    return wanted <= number <= (port.get("endPort") or wanted)


def open_in(policies, direction, subject, address, other, protocol, number, target):
    mine = [
        p for p in policies
        if p["metadata"]["namespace"] == subject.namespace and matches(p["spec"]["podSelector"], subject.labels)
        and direction in policy_types(p)
    ]  # fmt: skip
    if not mine:
        return True
    rules, whom = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    return any(
        (not rule.get(whom) or any(is_peer(x, p["metadata"]["namespace"], address, other) for x in rule[whom]))
        and (not rule.get("ports") or any(is_port(x, protocol, number, target) for x in rule["ports"]))
        for p in mine for rule in p["spec"].get(rules) or ()
    )  # fmt: skip


def expected(policies, source, target, protocol, number):
    """source and target: pods, or addresses outside the cluster."""
    if source == target:
        return True
    pod_from, pod_to = (each if isinstance(each, PolicyPod) else None for each in (source, target))
    from_ip, to_ip = (each.addresses[0] if isinstance(each, PolicyPod) else each for each in (source, target))
    out = pod_from is None or open_in(policies, "Egress", pod_from, to_ip, pod_to, protocol, number, pod_to)
    return out and (pod_to is None or open_in(policies, "Ingress", pod_to, from_ip, pod_from, protocol, number, pod_to))


# the rules


def passes(rules, source, target, protocol, number):
    if source == target and source in rules.isolated:
        return True
    return all(
        chain is None or any(let_through(rules, one, peer, target, protocol, number) for one in rules.chains[chain])
        for chain, peer in ((rules.egress.get(source), target), (rules.ingress.get(target), source))
    )


def let_through(rules, one, peer, target, protocol, number):
    anybody = one.pods is None and one.blocks is None
    ip = ipaddress.ip_address(peer)
    known = any(peer in rules.peers[name] for name in one.pods or ()) or any(
        ip in ipaddress.ip_network(b.cidr, strict=False) and not any(ip in ipaddress.ip_network(e) for e in b.excepted)
        for b in one.blocks or ()
    )
    any_port = one.ports is None and one.named is None
    right = any(
        p.protocol == protocol and (not p.ranges or any(a <= number <= b for a, b in p.ranges)) for p in one.ports or ()
    ) or any((target, protocol, number) in rules.named[name] for name in one.named or ())
    return (anybody or known) and (any_port or right)


def check(policies, everybody):
    rules = decide(policies, everybody, NAMESPACES, "n1")
    ends = [*everybody, OUTSIDE]
    probes = [("tcp", 80), ("tcp", 81), ("udp", 80), ("tcp", 8080), ("sctp", 80)]
    wrong = []
    for (source, target), (protocol, number) in itertools.product(itertools.permutations(ends, 2), probes):
        from_ip, to_ip = (e if e == OUTSIDE else e.addresses[0] for e in (source, target))
        should = expected(policies, source, target, protocol, number)
        if passes(rules, from_ip, to_ip, protocol, number) != should:
            wrong.append((from_ip, to_ip, protocol, number, should))
    assert wrong == []
    return rules


A = {"matchLabels": {"pod": "a"}}
NAMED = {
    "nothing selected": [],
    "deny all ingress": [policy({"policyTypes": ["Ingress"]})],
    "deny all egress": [policy({"policyTypes": ["Egress"]})],
    "deny all both": [policy({"policyTypes": ["Ingress", "Egress"]})],
    "types follow from the rules": [policy({"egress": [{"to": [{"podSelector": A}]}]})],
    "allow all ingress": [policy({"ingress": [{}]})],
    "allow all egress": [policy({"egress": [{}], "policyTypes": ["Egress"]})],
    "an empty list of peers is everybody": [policy({"ingress": [{"from": [], "ports": [{"port": 80}]}]})],
    "pods of the own namespace": [policy({"podSelector": A, "ingress": [{"from": [{"podSelector": {}}]}]})],
    "a whole namespace": [policy({"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"ns": "y"}}}]}]})],
    "by the namespace's name": [
        policy({"ingress": [{"from": [
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "z"}}}]}]})
    ],
    "pods of other namespaces": [
        policy({"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"team": "one"}}, "podSelector": A}]}]})
    ],
    "one peer of both and two peers differ": [
        policy({"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"ns": "y"}}}, {"podSelector": A}]}]})
    ],
    "two rules are a union": [policy({"ingress": [{"ports": [{"port": 81}]}, {"from": [{"podSelector": A}]}]})],
    "two policies are a union": [
        policy({"ingress": [{"ports": [{"port": 81}]}]}), policy({"policyTypes": ["Ingress"]}, name="q"),
    ],
    "both ends have to agree": [
        policy({"egress": [{"to": [{"namespaceSelector": {}}]}], "policyTypes": ["Egress"]}),
        policy({"ingress": [{"from": [{"podSelector": A}]}]}, "y"),
    ],
    "a port of any protocol": [policy({"ingress": [{"ports": [{"protocol": "UDP"}]}]})],
    "ports from and to": [policy({"ingress": [{"ports": [{"port": 79, "endPort": 80}, {"port": 80, "endPort": 81}]}]})],
    "a named port of the target": [policy({"ingress": [{"ports": [{"port": "serve-80-tcp"}]}]})],
    "a named port of each peer": [
        policy({"egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": "serve-80-tcp"}]}],
                "policyTypes": ["Egress"]}),
    ],
    "a named port of one protocol": [policy({"ingress": [{"ports": [{"port": "serve-80-udp", "protocol": "UDP"}]}]})],
    "an unknown named port allows nothing": [policy({"ingress": [{"ports": [{"port": "none"}]}]})],
    "a block with exceptions": [
        policy({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.2.0.0/16", "10.3.0.1/32"]}}]}]})
    ],
    "a block out": [
        policy({"egress": [{"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}], "policyTypes": ["Egress"]})
    ],
    "one block's exception is another's range": [
        policy({"ingress": [{"from": [
            {"ipBlock": {"cidr": "10.2.0.0/16", "except": ["10.2.0.1/32"]}}, {"ipBlock": {"cidr": "10.2.0.1/32"}}]}]})
    ],
    "expressions": [
        policy({"podSelector": {"matchExpressions": [{"key": "pod", "operator": "NotIn", "values": ["a", "b"]}]},
                "ingress": [{"from": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}]}]})
    ],
}  # fmt: skip


@pytest.mark.parametrize("policies", NAMED.values(), ids=NAMED)
def test_each_kind_of_policy_lets_through_what_the_api_reference_says(policies):
    check(policies, pods())


def test_policies_made_by_chance_let_through_what_the_api_reference_says():
    chance = random.Random(11)
    for _ in range(150):
        check([generated(chance, number) for number in range(chance.randrange(1, 5))], pods())


def generated(chance, number):
    spec = {"podSelector": selector(chance)}
    if chance.random() < 0.7:
        spec["ingress"] = [rule(chance, "from") for _ in range(chance.randrange(3))]
    if chance.random() < 0.5:
        spec["egress"] = [rule(chance, "to") for _ in range(chance.randrange(3))]
    if chance.random() < 0.6:
        spec["policyTypes"] = chance.choice((["Ingress"], ["Egress"], ["Ingress", "Egress"]))
    return policy(spec, chance.choice("xyz"), f"p{number}")


def selector(chance):
    return chance.choice((
        {}, {"matchLabels": {"pod": chance.choice("abc")}}, {"matchLabels": {"app": "web"}},
        {"matchExpressions": [{"key": "pod", "operator": chance.choice(("In", "NotIn")), "values": ["a", "b"]}]},
        {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]},
    ))  # fmt: skip


def rule(chance, whom):
    found = {}
    if chance.random() < 0.8:
        found[whom] = [peer(chance) for _ in range(chance.randrange(1, 3))]
    if chance.random() < 0.6:
        found["ports"] = [port(chance) for _ in range(chance.randrange(1, 3))]
    return found


def peer(chance):
    if chance.random() < 0.3:
        return {"ipBlock": {"cidr": chance.choice(("10.0.0.0/8", "0.0.0.0/0", "10.2.0.0/16")),
                            **({"except": ["10.2.0.2/32"]} if chance.random() < 0.5 else {})}}  # fmt: skip
    found = {}
    if chance.random() < 0.7:
        found["podSelector"] = selector(chance)
    if chance.random() < 0.6 or not found:
        found["namespaceSelector"] = chance.choice(
            ({}, {"matchLabels": {"ns": "y"}}, {"matchExpressions": [{"key": "team", "operator": "Exists"}]})
        )
    return found


def port(chance):
    return chance.choice((
        {"port": 80}, {"port": 80, "endPort": 81}, {"protocol": "UDP"}, {"port": 80, "protocol": "UDP"},
        {"port": "serve-80-tcp"}, {"port": "serve-81-tcp"}, {"protocol": "SCTP", "port": 80}, {"protocol": "TCP"},
    ))  # fmt: skip


def test_only_the_nodes_own_pods_have_rules_and_all_pods_are_peers():
    policies = [policy({"ingress": [{"from": [{"namespaceSelector": {}}]}]})]
    near, far = pods(), [p._replace(node="n2", addresses=("10.9.0.1",)) for p in pods()[:1]]
    rules = decide(policies, [*near, *far], NAMESPACES, "n1")

    assert set(rules.ingress) == {"10.1.0.1", "10.1.0.2", "10.1.0.3"}
    assert any("10.9.0.1" in addresses for addresses in rules.peers.values())


def test_pods_with_the_same_policies_share_a_chain_and_policies_share_sets():
    policies = [policy({"ingress": [{"from": [{"namespaceSelector": {}}]}]}, n) for n in NAMESPACES]
    rules = decide(policies, pods(), NAMESPACES, "n1")

    assert (len(rules.ingress), len(rules.chains), len(rules.peers)) == (9, 1, 1)


def test_a_pod_that_comes_changes_no_chain():
    policies = [policy({"ingress": [{"from": [{"podSelector": A}], "ports": [{"port": "serve-80-tcp"}]}]})]
    before = decide(policies, pods()[1:], NAMESPACES, "n1")
    after = decide(policies, pods(), NAMESPACES, "n1")

    assert before.chains == after.chains
    assert before.peers != after.peers


def test_both_families_are_told_apart():
    both = [p._replace(addresses=(*p.addresses, f"fd00::{n}")) for n, p in enumerate(pods(), 1)]
    rules = decide([policy({"policyTypes": ["Ingress"]})], both, NAMESPACES, "n1")

    assert rules.families == (4, 6)
    assert {"fd00::1", "10.1.0.1"} <= set(rules.ingress)


def test_ranges_of_ports_neither_overlap_nor_touch():
    assert merged([(80, 80), (81, 90), (85, 100), (443, 443), (1, 2)]) == ((1, 2), (80, 100), (443, 443))


def test_the_policies_of_a_pod_are_those_that_select_it():
    both = [policy({}), policy({"podSelector": A}, name="q"), policy({}, "y")]
    pod = {"metadata": {"namespace": "x", "name": "b", "labels": {"pod": "b"}}}
    assert deciding.selects(both, pod) == [both[0]]
