from __future__ import annotations

import pytest

from sampan_federation.interpreter.interpreter import Interpreter
from sampan_federation.overrides.refusals import OverrideFailed
from sampan_federation.works import names
from sampan_federation.works.rendering import (
    Policies,
    Target,
    binding_of,
    is_rendered,
    is_suspended,
    kept_clusters,
    render,
    state_of,
    targets_of,
    updated,
)

EAST = {"metadata": {"name": "east", "labels": {}}, "spec": {}}


def template(kind="Deployment", api_version="apps/v1", annotations=None, **spec):
    metadata = {
        "name": "web", "namespace": "default", "uid": "u1", "generation": 4, "resourceVersion": "9",
        "annotations": annotations or {},
    }  # fmt: skip
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec, "status": {"x": 1}}


def binding(clusters=("east",), **spec):
    targets = [{"name": name, "replicas": 2} for name in clusters]
    labels = {names.BINDING_ID: "id-1"}
    metadata = {"name": "web-deployment", "namespace": "default", "uid": "b1", "labels": labels}
    return {"metadata": metadata, "spec": {"clusters": targets, **spec}}


def rendered(obj=None, bound=None, policies=Policies(), target=Target("east", 2)):  # noqa: B008
    return render(obj or template(replicas=9), bound or binding(replicas=9), target, EAST, policies, Interpreter())


def manifest(work):
    [found] = work["spec"]["workload"]["manifests"]
    return found


def test_a_work_is_named_and_marked_as_in_karmada():
    work = rendered()

    assert (work["metadata"]["namespace"], work["metadata"]["name"]) == (
        "karmada-es-east",
        names.work_name("Deployment", "web", "default"),
    )
    assert work["metadata"]["labels"][names.BINDING_ID] == "id-1"
    assert work["metadata"]["finalizers"] == ["karmada.io/execution-controller"]
    assert binding_of(work) == ("default", "web-deployment")
    carried = manifest(work)["metadata"]
    assert carried["labels"]["karmada.io/managed"] == "true"
    assert carried["annotations"]["resourcetemplate.karmada.io/generation"] == "4"
    assert carried["annotations"]["resourcetemplate.karmada.io/uid"] == "u1"
    assert carried["annotations"]["work.karmada.io/name"] == work["metadata"]["name"]


def test_the_manifest_is_without_what_is_the_hosts():
    found = manifest(rendered())

    assert "status" not in found
    assert not {"uid", "resourceVersion", "generation"} & set(found["metadata"])


def test_replicas_are_the_schedulers_whatever_the_template_says():
    assert manifest(rendered())["spec"]["replicas"] == 2
    assert manifest(rendered(bound=binding()))["spec"]["replicas"] == 9  # not a workload to the scheduler


def test_completions_of_a_divided_job_are_divided():
    divided = {"replicaScheduling": {"replicaSchedulingType": "Divided"}}
    bound = binding(("east", "west"), replicas=4, placement=divided)

    found = manifest(rendered(template("Job", "batch/v1", parallelism=4, completions=5), bound))

    assert found["spec"] == {"parallelism": 2, "completions": 3}


def test_overrides_are_last_and_recorded():
    change = {"plaintext": [{"operator": "replace", "path": "/spec/replicas", "value": 7}]}
    policy = {"metadata": {"name": "p", "namespace": "default"}, "spec": {"overrideRules": [{"overriders": change}]}}

    work = rendered(policies=Policies((), (policy,)))

    assert manifest(work)["spec"]["replicas"] == 7
    assert '"policyName":"p"' in work["metadata"]["annotations"][names.APPLIED_OVERRIDES]


def test_an_override_that_fails_renders_nothing():
    change = {"plaintext": [{"operator": "remove", "path": "/spec/nothing"}]}
    policy = {"metadata": {"name": "p"}, "spec": {"overrideRules": [{"overriders": change}]}}

    with pytest.raises(OverrideFailed):
        rendered(policies=Policies((policy,), ()))


def test_conflict_resolution_is_the_templates_before_the_policys():
    def of(annotation="", **spec):
        annotations = {names.CONFLICT: annotation} if annotation else {}
        return rendered(template(annotations=annotations), binding(**spec))["metadata"]["annotations"][names.CONFLICT]

    assert of() == "abort"
    assert of(conflictResolution="Overwrite") == "overwrite"
    assert of("abort", conflictResolution="Overwrite") == "abort"
    assert of("nonsense") == "abort"


def test_suspension_and_preservation_are_passed_on():
    work = rendered(bound=binding(suspension={"dispatching": True}, preserveResourcesOnDeletion=True))

    assert work["spec"]["suspendDispatching"] is True
    assert work["spec"]["preserveResourcesOnDeletion"] is True
    one = binding(suspension={"dispatchingOnClusters": {"clusterNames": ["west"]}})
    assert not is_suspended(one, "east") and is_suspended(one, "west")


def test_targets_are_the_clusters_and_those_of_what_requires_it():
    bound = binding(requiredBy=[{"name": "x", "clusters": [{"name": "east"}, {"name": "north"}]}])

    assert targets_of(bound) == [Target("east", 2), Target("north", 0)]


def test_works_of_evicted_clusters_stay_until_the_task_is_done():
    def tasks(mode):
        return [{"fromCluster": "old", "purgeMode": mode}]

    assert kept_clusters(binding(gracefulEvictionTasks=tasks("Gracefully"))) == {"east", "old"}
    assert kept_clusters(binding(gracefulEvictionTasks=tasks("Never"))) == {"east", "old"}
    assert kept_clusters(binding(gracefulEvictionTasks=tasks("Directly"))) == {"east"}


def test_rendering_again_changes_nothing():
    work = rendered()
    stored = {
        **work,
        "metadata": {**work["metadata"], "uid": "w", "resourceVersion": "1"},
        "status": {"conditions": []},
    }

    assert is_rendered(rendered(), stored)


def test_an_update_keeps_what_others_have_added_and_drops_old_overrides():
    work = rendered()
    stored = {**work, "metadata": {**work["metadata"], "resourceVersion": "1"}, "spec": {}}
    stored["metadata"]["annotations"] = {names.APPLIED_OVERRIDES: "[]", "theirs": "1"}
    stored["metadata"]["finalizers"] = ["theirs"]

    found = updated(work, stored)

    assert not is_rendered(work, stored) and is_rendered(work, found)
    assert found["metadata"]["annotations"]["theirs"] == "1"
    assert names.APPLIED_OVERRIDES not in found["metadata"]["annotations"]
    assert found["metadata"]["finalizers"] == ["theirs", names.WORK_FINALIZER]


def test_a_work_made_by_other_means_has_no_binding():
    assert binding_of({"metadata": {"name": "mine"}}) is None
    cluster_wide = binding()
    del cluster_wide["metadata"]["namespace"]
    assert binding_of(rendered(bound=cluster_wide)) == ("", "web-deployment")


def test_the_replacement_gets_the_state_of_what_it_replaces_and_keeps_it():
    task = {
        "fromCluster": "east", "purgeMode": "Gracefully", "clustersBeforeFailover": ["east"],
        "preservedLabelState": {"job-id": "7"},
    }  # fmt: skip
    moved = binding(("west",), gracefulEvictionTasks=[task])
    assert state_of(moved, "west", None) == {"job-id": "7"}
    assert state_of(moved, "east", None) == {}

    work = render(
        template(replicas=9), moved, Target("west", 2), EAST, Policies(), Interpreter(), state_of(moved, "west", None)
    )
    assert manifest(work)["metadata"]["labels"]["job-id"] == "7"

    over = binding(("west",))
    assert state_of(over, "west", work) == {"job-id": "7"}  # for as long as the Work is there
    assert state_of(over, "north", None) == {}
    for spoilt in ("{", "[]"):
        assert state_of(over, "west", {"metadata": {"annotations": {names.STATE: spoilt}}}) == {}
