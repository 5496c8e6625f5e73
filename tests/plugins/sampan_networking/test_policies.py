from __future__ import annotations

import pytest

from sampan_networking.policies import validate_policy


def told(spec):
    return [f"{problem.path}: {problem.message}" for problem in validate_policy({"spec": spec}, None)]


BITS = "must not have bits set beyond the prefix length"


def block(cidr="10.0.0.0/8", *excepted):
    return {"ingress": [{"from": [{"ipBlock": {"cidr": cidr, "except": list(excepted)}}]}]}


def port(**given):
    return {"egress": [{"ports": [given]}]}


PORT, PEER = "spec.egress[0].ports[0]", "spec.ingress[0].from[0]"


@pytest.mark.parametrize(
    ("spec", "problems"),
    [
        ({}, []),
        (block("10.0.0.0/8", "10.1.0.0/16"), []),
        (port(port=80, endPort=90, protocol="TCP"), []),
        ({"ingress": [{"from": [{"podSelector": {}, "namespaceSelector": {}}]}]}, []),
        (port(port="http", endPort=90),
         [f"{PORT}.endPort: Invalid value: 90: may not be specified when `port` is non-numeric"]),
        (port(endPort=90), [f"{PORT}.endPort: Invalid value: 90: may not be specified when `port` is not specified"]),
        (port(port=80, endPort=79),
         [f"{PORT}.endPort: Invalid value: 80: must be greater than or equal to `port`"]),
        (port(port=0), [f"{PORT}.port: Invalid value: 0: must be between 1 and 65535, inclusive"]),
        (port(protocol="ICMP"),
         [f'{PORT}.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"']),
        ({"ingress": [{"from": [{}]}]}, [f"{PEER}: Required value: must specify a peer"]),
        ({"ingress": [{"from": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
         [f"{PEER}: Forbidden: may not specify both ipBlock and another peer"]),
        (block(""), [f"{PEER}.ipBlock.cidr: Required value"]),
        (block("10.0.0.0"), [f'{PEER}.ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, '
                             "(e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
        (block("10.0.0.1/8"), [f'{PEER}.ipBlock.cidr: Invalid value: "10.0.0.1/8": {BITS}']),
        (block("10.0.0.1/8", "10.1.0.1/16"), [f'{PEER}.ipBlock.cidr: Invalid value: "10.0.0.1/8": {BITS}',
                                              f'{PEER}.ipBlock.except[0]: Invalid value: "10.1.0.1/16": {BITS}']),
        (block("10.0.0.0/8", "11.0.0.0/16"),
         [f'{PEER}.ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`']),
        (block("10.0.0.0/8", "10.0.0.0/8"),
         [f'{PEER}.ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`']),
        ({"policyTypes": ["Both"]},
         ['spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"']),
        ({"policyTypes": ["Egress", "Egress", "Egress"]},
         ['spec.policyTypes: Invalid value: ["Egress","Egress","Egress"]: may not specify more than two policyTypes']),
    ],
)  # fmt: skip
def test_a_policy_is_checked(spec, problems):
    assert told(spec) == problems


def test_a_range_that_was_allowed_before_may_stay():
    old = {"spec": {"podSelector": {}, **block("10.0.0.1/8", "10.1.0.1/16")}}

    assert list(validate_policy(old, old)) == []
