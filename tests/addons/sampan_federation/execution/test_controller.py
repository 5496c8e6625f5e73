from __future__ import annotations

import pytest
from fleets import fleet_of

from sampan.errors import NotFound
from sampan_federation.parts import WORKING
from sampan_federation.resources import CLUSTERS, RESOURCE_BINDINGS, WORKS
from sampan_machinery.metadata import condition_is
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES

ES = "karmada-es-east"


@pytest.fixture(scope="module")
def fleet():
    with fleet_of({"east": ("r1", "z1"), "west": ("r2", "z1")}, makers=WORKING) as found:
        for name in ("east", "west"):
            ready(found, name)
        yield found


def ready(fleet, name, status="True"):
    condition = {
        "type": "Ready",
        "status": status,
        "reason": "x",
        "message": "x",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    fleet.client.patch(CLUSTERS, name, {"status": {"conditions": [condition]}}, subresource="status")
    fleet.settle()


def config(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def bind(fleet, template, clusters, **spec):
    """A binding as policies and placement would write it."""
    reference = {
        "apiVersion": template["apiVersion"],
        "kind": template["kind"],
        "namespace": "default",
        "name": template["metadata"]["name"],
        "uid": template["metadata"].get("uid", ""),
    }
    targets = [{"name": name, "replicas": replicas} for name, replicas in clusters.items()]
    binding = {
        "apiVersion": "work.karmada.io/v1alpha2",
        "kind": "ResourceBinding",
        "metadata": {"name": f"{template['metadata']['name']}-{template['kind'].lower()}", "namespace": "default"},
        "spec": {"resource": reference, "clusters": targets, **spec},
    }
    made = fleet.client.create(RESOURCE_BINDINGS, binding, "default")
    fleet.settle()
    return made


def propagate(fleet, obj, resource, clusters, **spec):
    made = fleet.client.create(resource, obj, "default")
    return bind(fleet, {**obj, **made}, clusters, **spec)


def on(fleet, member, resource, name):
    return fleet.members[member].client.get(resource, name, "default")


def work_of(fleet, name, namespace=ES):
    return next(w for w in fleet.client.list(WORKS, namespace).items if w["metadata"]["name"].startswith(name))


def test_a_config_map_reaches_the_clusters_of_its_binding(fleet):
    propagate(fleet, config("a", color="red"), CONFIG_MAPS, {"east": 0, "west": 0})

    for member in ("east", "west"):
        assert on(fleet, member, CONFIG_MAPS, "a")["data"] == {"color": "red"}
    assert condition_is(work_of(fleet, "a-")["status"], "Applied")
    binding = fleet.client.get(RESOURCE_BINDINGS, "a-configmap", "default")
    assert condition_is(binding["status"], "FullyApplied")


def test_a_change_of_the_template_follows(fleet):
    made = propagate(fleet, config("b", color="red"), CONFIG_MAPS, {"east": 0})
    fleet.client.patch(CONFIG_MAPS, "b", {"data": {"color": None, "shape": "round"}}, "default")
    revision = {"spec": {"resource": {"resourceVersion": "2"}}}
    fleet.client.patch(RESOURCE_BINDINGS, made["metadata"]["name"], revision, "default")

    fleet.settle()

    assert on(fleet, "east", CONFIG_MAPS, "b")["data"] == {"shape": "round"}


def test_what_is_changed_on_a_member_is_put_back(fleet):
    propagate(fleet, config("c", color="red"), CONFIG_MAPS, {"east": 0})
    fleet.members["east"].client.patch(CONFIG_MAPS, "c", {"data": {"color": "blue", "more": "x"}}, "default")

    fleet.settle()

    assert on(fleet, "east", CONFIG_MAPS, "c")["data"] == {"color": "red"}


def test_what_is_added_on_a_member_is_taken_away(fleet):
    propagate(fleet, config("c2", color="red"), CONFIG_MAPS, {"east": 0})
    fleet.members["east"].client.patch(CONFIG_MAPS, "c2", {"data": {"more": "x"}}, "default")

    fleet.settle()

    assert on(fleet, "east", CONFIG_MAPS, "c2")["data"] == {"color": "red"}


def test_what_is_deleted_on_a_member_is_made_again(fleet):
    propagate(fleet, config("d", color="red"), CONFIG_MAPS, {"east": 0})
    fleet.members["east"].client.delete(CONFIG_MAPS, "d", "default")

    fleet.settle()

    assert on(fleet, "east", CONFIG_MAPS, "d")["data"] == {"color": "red"}


def test_labels_that_the_member_adds_stay(fleet):
    propagate(fleet, config("e", color="red"), CONFIG_MAPS, {"east": 0})
    fleet.members["east"].client.patch(CONFIG_MAPS, "e", {"metadata": {"labels": {"theirs": "1"}}}, "default")
    fleet.members["east"].client.patch(CONFIG_MAPS, "e", {"data": {"color": "blue"}}, "default")

    fleet.settle()

    found = on(fleet, "east", CONFIG_MAPS, "e")
    assert (found["data"], found["metadata"]["labels"]["theirs"]) == ({"color": "red"}, "1")


def test_a_template_may_say_that_drift_is_left_and_the_work_says_what_drifted(fleet):
    template = config("f", color="red")
    template["metadata"]["annotations"] = {"federation.sampan.dev/drift": "report"}
    propagate(fleet, template, CONFIG_MAPS, {"east": 0})
    fleet.members["east"].client.patch(CONFIG_MAPS, "f", {"data": {"color": "blue"}}, "default")

    fleet.settle()

    assert on(fleet, "east", CONFIG_MAPS, "f")["data"] == {"color": "blue"}
    [drifted] = [c for c in work_of(fleet, "f-")["status"]["conditions"] if c["type"] == "Drifted"]
    assert "data.color" in drifted["message"]


def test_drift_that_comes_all_the_time_is_put_back_with_growing_pauses(fleet):
    propagate(fleet, config("g", color="red"), CONFIG_MAPS, {"east": 0})
    updates = 0
    for _ in range(6):
        fleet.members["east"].client.patch(CONFIG_MAPS, "g", {"data": {"color": "blue"}}, "default")
        fleet.settle()
        updates += on(fleet, "east", CONFIG_MAPS, "g")["data"] == {"color": "red"}

    assert updates < 6
    fleet.advance(5, step=1)
    assert on(fleet, "east", CONFIG_MAPS, "g")["data"] == {"color": "red"}


def test_what_is_not_ours_is_never_taken_over(fleet):
    fleet.members["east"].client.create(CONFIG_MAPS, config("h", color="theirs"), "default")

    propagate(fleet, config("h", color="red"), CONFIG_MAPS, {"east": 0})

    assert on(fleet, "east", CONFIG_MAPS, "h")["data"] == {"color": "theirs"}
    work = work_of(fleet, "h-")
    assert condition_is(work["status"], "Applied", "False")
    binding = fleet.client.get(RESOURCE_BINDINGS, "h-configmap", "default")
    assert "already exists" in binding["status"]["aggregatedStatus"][0]["appliedMessage"]
    fleet.client.delete(RESOURCE_BINDINGS, "h-configmap", "default")
    fleet.settle()
    assert on(fleet, "east", CONFIG_MAPS, "h")["data"] == {"color": "theirs"}


def test_overwrite_takes_it_over(fleet):
    fleet.members["east"].client.create(CONFIG_MAPS, config("i", color="theirs"), "default")

    propagate(fleet, config("i", color="red"), CONFIG_MAPS, {"east": 0}, conflictResolution="Overwrite")

    assert on(fleet, "east", CONFIG_MAPS, "i")["data"] == {"color": "red"}


def test_a_cluster_that_leaves_the_binding_loses_the_object(fleet):
    propagate(fleet, config("j", color="red"), CONFIG_MAPS, {"east": 0, "west": 0})

    fleet.client.patch(RESOURCE_BINDINGS, "j-configmap", {"spec": {"clusters": [{"name": "west"}]}}, "default")
    fleet.settle()

    with pytest.raises(NotFound):
        on(fleet, "east", CONFIG_MAPS, "j")
    assert on(fleet, "west", CONFIG_MAPS, "j")


def test_a_cluster_that_is_evicted_gracefully_keeps_it_until_the_task_is_done(fleet):
    propagate(fleet, config("k", color="red"), CONFIG_MAPS, {"east": 0, "west": 0})
    task = {"fromCluster": "east", "reason": "x", "producer": "x", "purgeMode": "Gracefully"}

    change = {"spec": {"clusters": [{"name": "west"}], "gracefulEvictionTasks": [task]}}
    fleet.client.patch(RESOURCE_BINDINGS, "k-configmap", change, "default")
    fleet.settle()

    assert on(fleet, "east", CONFIG_MAPS, "k")
    fleet.client.patch(RESOURCE_BINDINGS, "k-configmap", {"spec": {"gracefulEvictionTasks": None}}, "default")
    fleet.settle()
    with pytest.raises(NotFound):
        on(fleet, "east", CONFIG_MAPS, "k")


def test_a_deleted_binding_takes_its_objects_with_it(fleet):
    propagate(fleet, config("l", color="red"), CONFIG_MAPS, {"east": 0})

    fleet.client.delete(RESOURCE_BINDINGS, "l-configmap", "default")
    fleet.settle()

    with pytest.raises(NotFound):
        on(fleet, "east", CONFIG_MAPS, "l")
    assert not [w for w in fleet.client.list(WORKS, ES).items if w["metadata"]["name"].startswith("l-")]


def test_preserved_objects_stay_without_our_marks(fleet):
    propagate(fleet, config("m", color="red"), CONFIG_MAPS, {"east": 0}, preserveResourcesOnDeletion=True)

    fleet.client.delete(RESOURCE_BINDINGS, "m-configmap", "default")
    fleet.settle()

    left = on(fleet, "east", CONFIG_MAPS, "m")
    assert left["data"] == {"color": "red"}
    assert not any("karmada.io" in key for key in left["metadata"].get("labels") or {})
    assert not any("karmada.io" in key for key in left["metadata"].get("annotations") or {})


def test_suspended_dispatching_sends_nothing(fleet):
    propagate(
        fleet, config("n", color="red"), CONFIG_MAPS, {"east": 0, "west": 0},
        suspension={"dispatchingOnClusters": {"clusterNames": ["east"]}},
    )  # fmt: skip

    with pytest.raises(NotFound):
        on(fleet, "east", CONFIG_MAPS, "n")
    assert on(fleet, "west", CONFIG_MAPS, "n")
    assert condition_is(work_of(fleet, "n-")["status"], "Dispatching", "False")


def test_a_missing_namespace_is_made_on_the_member(fleet):
    fleet.client.create(NAMESPACES, {"metadata": {"name": "shop"}})
    obj = config("o", color="red")
    obj["metadata"]["namespace"] = "shop"
    made = fleet.client.create(CONFIG_MAPS, obj, "shop")
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "namespace": "shop",
        "name": "o",
        "uid": made["metadata"]["uid"],
    }
    binding = {"metadata": {"name": "o-configmap"}, "spec": {"resource": reference, "clusters": [{"name": "east"}]}}
    fleet.client.create(
        RESOURCE_BINDINGS, {**binding, "apiVersion": "work.karmada.io/v1alpha2", "kind": "ResourceBinding"}, "shop"
    )

    fleet.settle()

    assert fleet.members["east"].client.get(CONFIG_MAPS, "o", "shop")["data"] == {"color": "red"}


def deployment(name, replicas):
    pod = {"containers": [{"name": "c", "image": "registry.example/web:1"}]}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }  # fmt: skip


def test_replicas_are_those_of_each_cluster_and_the_status_comes_back(fleet):
    propagate(fleet, deployment("p", 3), DEPLOYMENTS, {"east": 1, "west": 2}, replicas=3)

    fleet.until(lambda: work_of(fleet, "p-")["status"]["manifestStatuses"][0]["health"] == "Healthy")
    fleet.settle()

    assert [on(fleet, member, DEPLOYMENTS, "p")["spec"]["replicas"] for member in ("east", "west")] == [1, 2]
    binding = fleet.client.get(RESOURCE_BINDINGS, "p-deployment", "default")
    assert [item["health"] for item in binding["status"]["aggregatedStatus"]] == ["Healthy", "Healthy"]
    assert [item["status"]["readyReplicas"] for item in binding["status"]["aggregatedStatus"]] == [1, 2]


def test_a_scaled_deployment_is_put_back_unless_the_label_says_that_the_member_scales(fleet):
    retaining = deployment("q", 1)
    retaining["metadata"]["labels"] = {"resourcetemplate.karmada.io/retain-replicas": "true"}
    propagate(fleet, retaining, DEPLOYMENTS, {"east": 1}, replicas=1)
    propagate(fleet, deployment("r", 1), DEPLOYMENTS, {"east": 1}, replicas=1)

    for name in ("q", "r"):
        fleet.members["east"].client.patch(DEPLOYMENTS, name, {"spec": {"replicas": 4}}, "default")
    fleet.settle()

    assert [on(fleet, "east", DEPLOYMENTS, name)["spec"]["replicas"] for name in ("q", "r")] == [4, 1]


def test_a_lost_member_is_served_when_it_is_back(fleet):
    ready(fleet, "east", "False")
    propagate(fleet, config("s", color="red"), CONFIG_MAPS, {"east": 0})
    with pytest.raises(NotFound):
        on(fleet, "east", CONFIG_MAPS, "s")

    ready(fleet, "east")

    assert on(fleet, "east", CONFIG_MAPS, "s")


def test_a_cut_link_hides_drift_only_until_it_is_whole_again(fleet):
    propagate(fleet, config("t", color="red"), CONFIG_MAPS, {"east": 0})
    fleet.cut("east")
    fleet.members["east"].client.patch(CONFIG_MAPS, "t", {"data": {"color": "blue"}}, "default")
    fleet.advance(60)

    fleet.heal("east")
    fleet.advance(60)

    assert on(fleet, "east", CONFIG_MAPS, "t")["data"] == {"color": "red"}


def test_a_member_cannot_speak_for_another(fleet):
    """An object that says it is of another member's Work has no effect."""
    propagate(fleet, config("u", color="red"), CONFIG_MAPS, {"west": 0})
    work = work_of(fleet, "u-", "karmada-es-west")
    lie = config("u", color="lie")
    lie["metadata"]["labels"] = {"karmada.io/managed": "true"}
    lie["metadata"]["annotations"] = {
        "work.karmada.io/namespace": "karmada-es-west",
        "work.karmada.io/name": work["metadata"]["name"],
    }

    fleet.members["east"].client.create(CONFIG_MAPS, lie, "default")
    fleet.settle()

    assert on(fleet, "west", CONFIG_MAPS, "u")["data"] == {"color": "red"}
    assert work_of(fleet, "u-", "karmada-es-west")["status"] == work["status"]


@pytest.mark.parametrize("garbage", [b"", b"<html>", b"[1]", b'{"metadata": []}', b'{"metadata": {"name": "x"}}'])
def test_a_member_that_answers_garbage_harms_nothing_but_itself(fleet, garbage):
    name = f"v{len(garbage)}"
    fleet.links["east"].lie = lambda method, path, answer: answer._replace(body=garbage)
    try:
        propagate(fleet, config(name, color="red"), CONFIG_MAPS, {"east": 0, "west": 0})
        fleet.advance(5, step=1)

        assert on(fleet, "west", CONFIG_MAPS, name)["data"] == {"color": "red"}
    finally:
        fleet.links["east"].lie = None
    fleet.advance(60)
    assert on(fleet, "east", CONFIG_MAPS, name)["data"] == {"color": "red"}
    binding = fleet.client.get(RESOURCE_BINDINGS, f"{name}-configmap", "default")
    assert condition_is(binding["status"], "FullyApplied")


def test_objects_that_the_work_no_longer_has_are_deleted(fleet):
    """A Work that a user made, with several manifests."""
    metadata = {"name": "mine", "namespace": ES, "finalizers": ["karmada.io/execution-controller"]}
    manifests = [config("w1", color="red"), config("w2", color="red")]
    fleet.client.create(WORKS, {"metadata": metadata, "spec": {"workload": {"manifests": manifests}}}, ES)
    fleet.settle()
    assert on(fleet, "east", CONFIG_MAPS, "w1") and on(fleet, "east", CONFIG_MAPS, "w2")

    fleet.client.patch(WORKS, "mine", {"spec": {"workload": {"manifests": manifests[:1]}}}, ES)
    fleet.settle()

    assert on(fleet, "east", CONFIG_MAPS, "w1")
    with pytest.raises(NotFound):
        on(fleet, "east", CONFIG_MAPS, "w2")
