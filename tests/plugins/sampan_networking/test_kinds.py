from __future__ import annotations

from sampan.contracts.kinds import Draft
from sampan_networking import kinds


def test_an_ingress_has_a_status_from_the_beginning():
    obj = {}
    kinds.prepare_ingress(Draft(obj, None, "", "me"))

    assert obj == {"status": {"loadBalancer": {}}}


def test_parameters_are_the_clusters_unless_they_say_so():
    obj = {"spec": {"parameters": {"kind": "K", "name": "n"}}}
    kinds.default_class(obj)

    assert obj["spec"]["parameters"]["scope"] == "Cluster"


def test_policy_types_follow_from_the_rules():
    plain, both = {"spec": {}}, {"spec": {"egress": [{"ports": [{"port": 53}]}]}}
    kinds.default_policy(plain)
    kinds.default_policy(both)

    assert plain["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert both["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert both["spec"]["egress"][0]["ports"] == [{"port": 53, "protocol": "TCP"}]
