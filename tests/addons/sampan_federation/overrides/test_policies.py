import json

import pytest

from sampan_federation.overrides.policies import ALL, LABELS, NAME, NO, override, rank_of
from sampan_federation.overrides.refusals import OverrideFailed

EAST = {"metadata": {"name": "east", "labels": {}}, "spec": {}}


def config(**labels):
    metadata = {"name": "c", "namespace": "default", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {}}


def selector(**more):
    return {"apiVersion": "v1", "kind": "ConfigMap", **more}


def policy(name, value, *selectors, namespace="", target=None):
    add = {"plaintext": [{"operator": "add", "path": "/data/by", "value": value}]}
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    rule = {"overriders": add, **({"targetCluster": target} if target is not None else {})}
    return {"metadata": metadata, "spec": {"resourceSelectors": list(selectors), "overrideRules": [rule]}}


def by(cluster_policies=(), policies=(), manifest=None):
    return override(manifest or config(), EAST, cluster_policies, policies).manifest["data"].get("by")


@pytest.mark.parametrize(
    ("selectors", "rank"),
    [
        ([], ALL), ([selector()], ALL), ([selector(name="c")], NAME), ([selector(name="d")], NO),
        ([selector(labelSelector={"matchLabels": {"a": "1"}})], LABELS),
        ([selector(labelSelector={"matchLabels": {"a": "2"}})], NO),
        ([selector(namespace="other")], NO), ([{"apiVersion": "v1", "kind": "Secret"}], NO),
        ([selector(name="d"), selector()], ALL),
        ([selector(labelSelector={"matchExpressions": [{"key": "a", "operator": "?"}]})], NO),
    ],
)  # fmt: skip
def test_how_exactly_a_policy_selects(selectors, rank):
    assert rank_of(config(a="1"), policy("p", "x", *selectors)) == rank


def test_the_more_exact_policy_is_later_and_wins_then_the_name():
    exact, labels, every = policy("a", "name", selector(name="c")), policy("b", "b", selector()), policy("c", "c")

    assert by([exact, labels, every]) == "name"
    assert by([labels, every]) == "c"


def test_namespaced_policies_come_after_cluster_policies_and_only_in_their_namespace():
    of_cluster = policy("a", "cluster", selector(name="c"))
    here, elsewhere = policy("b", "here", namespace="default"), policy("b", "else", namespace="other")

    assert by([of_cluster], [here]) == "here"
    assert by([of_cluster], [elsewhere]) == "cluster"


def test_a_rule_is_for_its_clusters():
    assert by([policy("a", "x", target={"clusterNames": ["west"]})]) is None
    assert by([policy("a", "x", target={"clusterNames": ["east"]})]) == "x"


def test_the_deprecated_form_is_one_rule():
    old = policy("a", "x")
    old["spec"] = {
        "overriders": old["spec"]["overrideRules"][0]["overriders"],
        "targetCluster": {"clusterNames": ["east"]},
    }

    assert by([old]) == "x"


def test_what_was_applied_is_recorded_as_in_karmada():
    found = override(config(), EAST, [policy("a", "x")], [])

    [record] = json.loads(found.cluster_policies)
    assert record["policyName"] == "a" and "plaintext" in record["overriders"]
    assert found.policies == ""


def test_a_failure_names_policy_rule_and_field():
    broken = policy("broken", "x")
    broken["spec"]["overrideRules"][0]["overriders"] = {"plaintext": [{"operator": "remove", "path": "/no/where"}]}

    with pytest.raises(OverrideFailed, match=r"ClusterOverridePolicy broken: overrideRules\[0\].overriders.plaintext"):
        by([broken])
