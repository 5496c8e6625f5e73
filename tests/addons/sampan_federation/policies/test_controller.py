from __future__ import annotations

from sampan.errors import NotFound
from sampan_federation.resources import CLUSTER_PROPAGATION_POLICIES, PROPAGATION_POLICIES, RESOURCE_BINDINGS
from sampan_machinery.metadata import annotations_of, get_condition
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS


def deployment(name: str = "web", replicas: int = 3, **labels: str):
    pod = {"containers": [{"name": "web", "image": "nginx", "resources": {"requests": {"cpu": "100m"}}}]}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    }  # fmt: skip


def policy(name: str = "web", kind: str = "Deployment", *, clusterwide: bool = False, select=None, **spec):
    versions = {"Deployment": "apps/v1", "ConfigMap": "v1"}
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "ClusterPropagationPolicy" if clusterwide else "PropagationPolicy",
        "metadata": {"name": name, **({} if clusterwide else {"namespace": "default"})},
        "spec": {"resourceSelectors": [{"apiVersion": versions[kind], "kind": kind, **(select or {})}], **spec},
    }


def binding_of(fleet, name: str = "web-deployment"):
    return fleet.client.get(RESOURCE_BINDINGS, name, "default")


def test_an_object_that_a_policy_selects_is_placed(fleet):
    weights = [
        {"targetCluster": {"clusterNames": ["east"]}, "weight": 2},
        {"targetCluster": {"clusterNames": ["west"]}, "weight": 1},
    ]
    scheduling = {
        "replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
        "weightPreference": {"staticWeightList": weights},
    }  # fmt: skip
    fleet.client.create(DEPLOYMENTS, deployment())
    fleet.client.create(PROPAGATION_POLICIES, policy(placement={"replicaScheduling": scheduling}))
    fleet.settle()

    binding = binding_of(fleet)
    assert binding["spec"]["clusters"] == [{"name": "east", "replicas": 2}, {"name": "west", "replicas": 1}]
    assert binding["spec"]["replicaRequirements"]["resourceRequest"] == {"cpu": "100m"}
    assert get_condition(binding["status"], "Scheduled")["reason"] == "Success"
    marks = annotations_of(fleet.client.get(DEPLOYMENTS, "web", "default"))
    assert marks["propagationpolicy.karmada.io/name"] == "web"


def test_a_policy_that_comes_first_waits_for_its_object(fleet):
    fleet.client.create(PROPAGATION_POLICIES, policy(select={"labelSelector": {"matchLabels": {"a": "b"}}}))
    fleet.settle()
    fleet.client.create(DEPLOYMENTS, deployment(a="b"))
    fleet.client.create(DEPLOYMENTS, deployment("other"))
    fleet.settle()

    assert len(binding_of(fleet)["spec"]["clusters"]) == 3
    assert [each["metadata"]["name"] for each in fleet.client.list(RESOURCE_BINDINGS).items] == ["web-deployment"]


def test_a_policy_that_preempts_takes_the_object_over(fleet):
    fleet.client.create(CLUSTER_PROPAGATION_POLICIES, policy("all", clusterwide=True))
    fleet.client.create(DEPLOYMENTS, deployment())
    fleet.settle()
    assert annotations_of(binding_of(fleet))["clusterpropagationpolicy.karmada.io/name"] == "all"

    placement = {"clusterAffinity": {"clusterNames": ["west"]}}
    fleet.client.create(PROPAGATION_POLICIES, policy("shy", placement=placement))
    fleet.settle()
    assert len(binding_of(fleet)["spec"]["clusters"]) == 3

    fleet.client.create(PROPAGATION_POLICIES, policy("bold", placement=placement, preemption="Always"))
    fleet.settle()
    binding = binding_of(fleet)
    assert [each["name"] for each in binding["spec"]["clusters"]] == ["west"]
    assert "clusterpropagationpolicy.karmada.io/name" not in annotations_of(binding)


def test_a_binding_goes_with_its_object_and_stays_without_its_policy(fleet):
    fleet.client.create(PROPAGATION_POLICIES, policy())
    fleet.client.create(DEPLOYMENTS, deployment())
    fleet.settle()
    fleet.client.delete(PROPAGATION_POLICIES, "web", "default")
    fleet.settle()

    assert len(binding_of(fleet)["spec"]["clusters"]) == 3
    assert not annotations_of(fleet.client.get(DEPLOYMENTS, "web", "default")).get("propagationpolicy.karmada.io/name")

    fleet.client.delete(DEPLOYMENTS, "web", "default")
    fleet.settle()
    fleet.until(lambda: not fleet.client.list(RESOURCE_BINDINGS).items)


def test_with_lazy_activation_a_changed_policy_waits_for_its_object(fleet):
    fleet.client.create(PROPAGATION_POLICIES, policy(activationPreference="Lazy"))
    fleet.settle()  # a Lazy policy takes only what comes or changes after it is known
    fleet.client.create(DEPLOYMENTS, deployment())
    fleet.settle()

    placement = {"clusterAffinity": {"clusterNames": ["west"]}}
    fleet.client.patch(PROPAGATION_POLICIES, "web", {"spec": {"placement": placement}}, "default")
    fleet.settle()
    assert len(binding_of(fleet)["spec"]["clusters"]) == 3

    fleet.client.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 4}}, "default")
    fleet.settle()
    assert binding_of(fleet)["spec"]["clusters"] == [{"name": "west", "replicas": 4}]


def test_what_no_cluster_fits_is_not_moved_and_says_why(fleet):
    fleet.client.create(PROPAGATION_POLICIES, policy())
    fleet.client.create(DEPLOYMENTS, deployment())
    fleet.settle()

    placement = {"clusterAffinity": {"clusterNames": ["nowhere"]}}
    fleet.client.patch(PROPAGATION_POLICIES, "web", {"spec": {"placement": placement}}, "default")
    fleet.settle()

    binding = binding_of(fleet)
    assert len(binding["spec"]["clusters"]) == 3
    condition = get_condition(binding["status"], "Scheduled")
    assert (condition["status"], condition["reason"]) == ("False", "NoClusterFit")
    assert "the affinity names nowhere only" in condition["message"]


def test_objects_of_the_system_are_not_propagated(fleet):
    fleet.client.create(CLUSTER_PROPAGATION_POLICIES, policy("all", "ConfigMap", clusterwide=True))
    config = {"apiVersion": "v1", "kind": "ConfigMap", "data": {}}
    for namespace in ("kube-system", "default"):
        fleet.client.create(CONFIG_MAPS, {**config, "metadata": {"name": "own", "namespace": namespace}})
    fleet.settle()

    assert binding_of(fleet, "own-configmap")["spec"]["clusters"] == [
        {"name": "east"},
        {"name": "north"},
        {"name": "west"},
    ]
    try:
        fleet.client.get(RESOURCE_BINDINGS, "own-configmap", "kube-system")
    except NotFound:
        return
    raise AssertionError("an object of kube-system was propagated")
