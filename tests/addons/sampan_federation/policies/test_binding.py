from __future__ import annotations

from sampan_federation.interpreter.replicas import Replicas
from sampan_federation.policies.binding import marks_patch, new_binding, resource_of, template_hash, updated_binding
from sampan_federation.resources import CLUSTER_RESOURCE_BINDINGS, RESOURCE_BINDINGS


def template(**more):
    metadata = {"name": "web:x", "namespace": "default", "uid": "u1", "resourceVersion": "5"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"a": 1}, **more}


def policy(uid: str = "p1", **spec):
    return {"metadata": {"name": "pol", "namespace": "default", "uid": uid}, "spec": {"placement": {}, **spec}}


WANTS = Replicas(3, {"resourceRequest": {"cpu": "1"}})


def test_a_binding_is_named_as_karmadas_and_says_what_the_policy_says():
    binding = new_binding(
        template(), policy(propagateDeps=True, conflictResolution="Overwrite", suspension={"dispatching": True}), WANTS
    )

    assert binding["metadata"]["name"] == "web.x-deployment"
    spec = binding["spec"]
    assert spec["resource"]["uid"] == "u1" and spec["replicas"] == 3
    assert spec["replicaRequirements"] == {"resourceRequest": {"cpu": "1"}, "namespace": "default"}
    assert (spec["propagateDeps"], spec["conflictResolution"]) == (True, "Overwrite")
    assert spec["suspension"] == {"dispatching": True}
    assert binding["metadata"]["ownerReferences"][0]["uid"] == "u1"
    assert "replicas" not in new_binding(template(), policy(), None)["spec"]


def test_the_scope_follows_the_object():
    assert resource_of(template()) is RESOURCE_BINDINGS
    assert resource_of({"metadata": {"name": "a"}}) is CLUSTER_RESOURCE_BINDINGS


def test_what_is_right_is_not_written_again_and_what_others_say_stays():
    binding = new_binding(template(), policy(), WANTS)
    binding["spec"] |= {"clusters": [{"name": "east"}], "suspension": {"scheduling": True}}

    assert updated_binding(binding, template(), policy(), WANTS) is None
    changed = updated_binding(binding, template(), policy(propagateDeps=True), WANTS)
    assert changed["spec"]["clusters"] == [{"name": "east"}]
    assert changed["spec"]["suspension"] == {"scheduling": True}


def test_a_status_of_the_object_changes_nothing():
    binding = new_binding(template(), policy(), WANTS)
    shown = template(status={"replicas": 3})
    shown["metadata"] = {**shown["metadata"], "resourceVersion": "9"}

    assert updated_binding(binding, shown, policy(), WANTS) is None
    changed = updated_binding(binding, {**shown, "spec": {"a": 2}}, policy(), WANTS)
    assert changed["spec"]["resource"]["resourceVersion"] == "9"


def test_lazy_policies_wait_for_their_object():
    binding = new_binding(template(), policy(), WANTS)
    lazy = policy(activationPreference="Lazy", placement={"clusterAffinity": {"clusterNames": ["west"]}})

    assert updated_binding(binding, template(), lazy, WANTS) is None
    changed = updated_binding(binding, template(spec={"a": 2}), lazy, WANTS)
    assert changed["spec"]["placement"] == {"clusterAffinity": {"clusterNames": ["west"]}}


def test_marks_of_the_last_policy_go():
    marked = {"metadata": {"annotations": {"clusterpropagationpolicy.karmada.io/name": "old", "mine": "1"}}}

    patch = marks_patch(marked, policy())["metadata"]
    assert patch["annotations"]["clusterpropagationpolicy.karmada.io/name"] is None
    assert patch["annotations"]["propagationpolicy.karmada.io/name"] == "pol"
    assert patch["labels"] == {"propagationpolicy.karmada.io/permanent-id": "p1"}
    assert marks_patch({"metadata": {"annotations": {"mine": "1"}}}, None) is None


def test_our_own_marks_are_no_change_of_the_object():
    before = template_hash(template())
    marked = template()
    marked["metadata"] = {**marked["metadata"], "annotations": {"propagationpolicy.karmada.io/name": "pol"}}

    assert template_hash(marked) == before
    marked["metadata"]["annotations"]["other"] = "x"
    assert template_hash(marked) != before


def test_groups_of_workloads_follow_the_labels_of_the_template():
    said = {"placement": {"workloadAffinity": {"affinity": {"groupByLabelKey": "app"}}}}
    one, two, none = template(), template(), template()
    for each, labels in ((one, {"app": "shop"}), (two, {"app": "bank"}), (none, {})):
        each["metadata"]["labels"] = labels
    binding = new_binding(one, policy(**said), None)

    assert binding["spec"]["workloadAffinityGroups"] == {"affinityGroup": "app=shop"}
    changed = updated_binding(binding, two, policy(**said), None)
    assert changed["spec"]["workloadAffinityGroups"] == {"affinityGroup": "app=bank"}
    assert "workloadAffinityGroups" not in updated_binding(binding, none, policy(**said), None)["spec"]
    del one["metadata"]["namespace"]
    assert "workloadAffinityGroups" not in new_binding(one, policy(**said), None)["spec"]
