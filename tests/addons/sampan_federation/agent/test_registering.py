from __future__ import annotations

from sampan_federation.agent.registering import RULES, cluster_rules, host_objects


def test_an_agents_rights_are_its_own_clusters():
    everywhere = cluster_rules("nat")
    assert [(rule["resources"], rule.get("resourceNames")) for rule in everywhere] == [
        (["clusters"], ["nat"]),
        (["clusters/status"], ["nat"]),
        (["resourceinterpretercustomizations"], None),
    ]
    for rule in (*everywhere, *RULES):
        words = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
        assert not words & {"*", "secrets", "delete", "impersonate", "escalate", "bind"}


def test_all_of_it_is_bound_to_one_account():
    found = [obj for _, obj in host_objects("nat") if obj["kind"].endswith("Binding")]

    assert len(found) == 3
    account = {"kind": "ServiceAccount", "name": "karmada-agent-nat", "namespace": "karmada-cluster"}
    assert all(each["subjects"] == [account] for each in found)
    [token] = [obj for _, obj in host_objects("nat") if obj["metadata"].get("namespace") == "karmada-cluster"][1:2]
    assert token["rules"] == [
        {
            "apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"],
            "resourceNames": ["karmada-agent-nat"],
        }
    ]  # fmt: skip
