from __future__ import annotations

from sampan_federation.policies.dependencies import Parent, attached, is_needed, required_by, snapshot_of


def parent(**spec):
    return {"metadata": {"name": "web-deployment", "namespace": "default"}, "spec": {"propagateDeps": True, **spec}}


def test_dependencies_follow_their_parent_and_stay_while_it_is_evicted():
    tasks = [{"fromCluster": "east"}, {"fromCluster": "south", "purgeMode": "Directly"}]
    snapshot = snapshot_of(parent(clusters=[{"name": "west", "replicas": 2}], gracefulEvictionTasks=tasks))

    assert [each["name"] for each in snapshot["clusters"]] == ["west", "east"]
    assert snapshot_of(parent(clusters=[])) is None
    assert snapshot_of(parent(clusters=[{"name": "west"}], propagateDeps=False)) is None


def test_each_parent_has_one_entry():
    first = {"namespace": "default", "name": "a", "clusters": [{"name": "west"}]}
    present = [first, {"namespace": "default", "name": "b", "clusters": []}]

    assert required_by(present, Parent("default", "a"), None) == present[1:]
    assert required_by(present[1:], Parent("default", "a"), first) == present
    assert required_by(present, Parent("default", "a"), first) == present


def test_a_binding_without_policy_and_parents_is_not_needed():
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default", "uid": "u"}}
    made = attached(config, [{"name": "a"}])

    assert made["metadata"]["name"] == "c-configmap"
    assert is_needed(made)
    assert not is_needed({"spec": {"requiredBy": []}})
    assert is_needed({"spec": {"placement": {}}})
