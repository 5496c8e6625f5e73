from __future__ import annotations

import base64

import pytest

from sampan.errors import BadRequest, Conflict
from sampan_federation.members import joining
from sampan_federation.resources import CLUSTERS
from sampan_machinery.resources import CLUSTER_ROLES, NAMESPACES, SECRETS, SERVICE_ACCOUNTS
from sampan_testing.cluster import start

ONLY = {"accounts", "auth", "config", "crds", "memory", "namespaces", "rbac"}


@pytest.fixture(scope="module")
def pair():
    from sampan_federation.manifests import manifests
    from sampan_shipping import Shipment

    with start(control=False, only=ONLY) as host, start(control=False, only=ONLY) as member:
        Shipment(host.client, "federation", "1", manifests("federation")).apply()
        host.until(lambda: host.client.list(CLUSTERS).items == [])
        member.until(lambda: member.client.get(NAMESPACES, "kube-system"))
        yield host.client, member.client


def asked(name: str = "east", **more):
    return joining.Joining(
        name=name, server="https://east.example:6443", authorities=b"PEM", region="r1", zones=("z1", "z2"), **more
    )


def test_a_cluster_joins_with_an_identity_of_its_own_and_leaves(pair):
    host, member = pair

    cluster = joining.join(host, member, asked(labels={"tier": "gold"}))
    assert cluster["spec"]["id"] == member.get(NAMESPACES, "kube-system")["metadata"]["uid"]
    assert (cluster["spec"]["region"], cluster["spec"]["zones"]) == ("r1", ["z1", "z2"])
    secret = host.get(SECRETS, "east", "karmada-cluster")
    assert base64.b64decode(secret["data"]["token"]).count(b".") == 2
    assert base64.b64decode(secret["data"]["caBundle"]) == b"PEM"
    assert secret["metadata"]["annotations"]["federation.sampan.dev/token-expires"]

    other = host.get(SECRETS, cluster["spec"]["impersonatorSecretRef"]["name"], "karmada-cluster")
    assert other["metadata"]["annotations"]["federation.sampan.dev/service-account"] == "karmada-east-impersonator"
    assert other["data"]["token"] != secret["data"]["token"]

    again = joining.join(host, member, asked())
    assert again["metadata"]["labels"] == {"tier": "gold"}  # what is there is kept
    with pytest.raises(Conflict, match="joined already, as east"):
        joining.join(host, member, asked("other"))

    joining.leave_host(host, "east")
    joining.forget_secrets(host, "east")
    joining.leave_member(member, "east")
    assert host.list(SECRETS, "karmada-cluster").items == []
    left = [each["metadata"]["name"] for each in member.list(SERVICE_ACCOUNTS, "karmada-cluster").items]
    assert not [name for name in left if name.startswith("karmada-east")]
    assert not [each for each in member.list(CLUSTER_ROLES).items if "karmada" in each["metadata"]["name"]]


def test_the_host_gets_no_right_to_change_who_may_do_what():
    for rule in joining.RULES:
        assert "*" not in rule.get("apiGroups", [])
        assert "rbac.authorization.k8s.io" not in rule.get("apiGroups", [])
        if "*" in rule["verbs"]:
            assert "" not in rule["apiGroups"] or "*" not in rule["resources"]


def test_the_host_may_act_as_users_of_no_group_but_those_that_are_named():
    def rules(*who):
        [role] = [obj for _, obj in joining.impersonator_objects("east", *who) if obj["kind"] == "ClusterRole"]
        return [(rule["resources"], rule.get("resourceNames")) for rule in role["rules"]]

    assert rules((), ()) == [(["users", "serviceaccounts"], None)]
    assert rules(("joe",), ("devs",)) == [(["users", "serviceaccounts"], ["joe"]), (["groups"], ["devs"])]


@pytest.mark.parametrize("name", ["", "East", "a.b", "-a", "a-", "a" * 49, "é"])
def test_names_that_no_cluster_can_have(name):
    with pytest.raises(BadRequest, match="no name of a cluster"):
        joining.check_name(name)
    joining.check_name("east-1")
