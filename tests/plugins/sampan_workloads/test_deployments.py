import pytest

from sampan.errors import Forbidden
from sampan_machinery.metadata import get_condition, get_path, now_text
from sampan_machinery.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from sampan_testing.simulation import World
from sampan_workloads.kinds import DEPLOYMENT
from sampan_workloads.plugin import contribute_reconcilers

RECONCILERS = contribute_reconcilers()


class Cluster:
    """A world with one Deployment called web and pods that become ready when ``runs`` says so of their image."""

    def __init__(self, *, runs=lambda image: True, **spec):
        self.world = World()
        self.runs = runs
        self.seen = []
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "v1"}]}}
        deployment = {
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec},
        }
        DEPLOYMENT.default(deployment)
        self.world.create(DEPLOYMENTS, deployment)
        self.settle()

    def settle(self):
        return self.world.settle(RECONCILERS, after=self._live)

    def _live(self):
        for pod in self.world.list(PODS):
            image = pod["spec"]["containers"][0]["image"]
            if not get_condition(pod.get("status"), "Ready") and self.runs(image):
                ready = {"type": "Ready", "status": "True", "lastTransitionTime": now_text(self.world.now)}
                self.world.update(PODS, {**pod, "status": {"phase": "Running", "conditions": [ready]}}, "status")
        self.seen.append(self.sizes())

    def change(self, **spec):
        found = self.deployment
        self.world.update(DEPLOYMENTS, {**found, "spec": {**found["spec"], **spec}})

    def image(self, image):
        template = self.deployment["spec"]["template"]
        containers = [{**template["spec"]["containers"][0], "image": image}]
        self.change(template={**template, "spec": {**template["spec"], "containers": containers}})

    @property
    def deployment(self):
        return self.world.get(DEPLOYMENTS, "web", "default")

    @property
    def status(self):
        return self.deployment["status"]

    def sizes(self):
        """Replicas by image."""
        return {
            rs["spec"]["template"]["spec"]["containers"][0]["image"]: rs["spec"]["replicas"]
            for rs in self.world.list(REPLICA_SETS)
        }

    def revisions(self):
        annotation = "deployment.kubernetes.io/revision"
        return {
            rs["spec"]["template"]["spec"]["containers"][0]["image"]: rs["metadata"]["annotations"][annotation]
            for rs in self.world.list(REPLICA_SETS)
        }

    def reason(self, type):
        return get_condition(self.status, type)["reason"]


def test_a_new_deployment_becomes_available():
    cluster = Cluster(replicas=3)

    assert len(cluster.world.list(PODS)) == 3
    assert {
        key: cluster.status[key] for key in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    } == {
        "replicas": 3,
        "updatedReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
    }
    assert "unavailableReplicas" not in cluster.status
    assert cluster.reason("Available") == "MinimumReplicasAvailable"
    assert cluster.reason("Progressing") == "NewReplicaSetAvailable"
    name = cluster.world.list(REPLICA_SETS)[0]["metadata"]["name"]
    assert ("ScalingReplicaSet", f"Scaled up replica set {name} from 0 to 3") in cluster.world.events


def test_a_settled_deployment_is_left_alone():
    assert Cluster(replicas=3).settle() == 0


def test_a_rolling_update_keeps_within_surge_and_unavailable():
    cluster = Cluster(
        replicas=10, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    )
    cluster.seen.clear()

    cluster.image("v2")
    cluster.settle()

    assert cluster.sizes() == {"v1": 0, "v2": 10}
    assert all(sum(sizes.values()) <= 13 for sizes in cluster.seen)
    assert cluster.revisions() == {"v1": "1", "v2": "2"}
    assert cluster.deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


def test_scaling_a_stuck_rollout_keeps_its_proportions():
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    cluster = Cluster(replicas=10, strategy=rolling, runs=lambda image: image == "v1")
    cluster.image("v2")
    cluster.settle()
    assert cluster.sizes() == {"v1": 8, "v2": 5}

    cluster.change(replicas=30)
    cluster.settle()

    assert cluster.sizes() == {"v1": 20, "v2": 13}


def test_recreate_never_runs_old_and_new_together():
    cluster = Cluster(replicas=3, strategy={"type": "Recreate"})
    cluster.seen.clear()

    cluster.image("v2")
    cluster.settle()

    assert cluster.sizes() == {"v1": 0, "v2": 3}
    assert not any(sizes.get("v1") and sizes.get("v2") for sizes in cluster.seen)


def test_a_rollback_reuses_the_old_replica_set_under_a_new_revision():
    cluster = Cluster(replicas=2)
    cluster.image("v2")
    cluster.settle()

    cluster.image("v1")
    cluster.settle()

    assert cluster.sizes() == {"v1": 2, "v2": 0}
    assert cluster.revisions() == {"v1": "3", "v2": "2"}


def test_revisions_are_64_bit_numbers():
    cluster = Cluster(replicas=1)
    old = cluster.world.list(REPLICA_SETS)[0]
    annotations = {**old["metadata"]["annotations"], "deployment.kubernetes.io/revision": "3546343826724305832"}
    cluster.world.update(REPLICA_SETS, {**old, "metadata": {**old["metadata"], "annotations": annotations}})

    cluster.image("v2")
    cluster.settle()

    assert cluster.revisions()["v2"] == "3546343826724305833"


def test_old_replica_sets_beyond_the_history_are_removed():
    cluster = Cluster(replicas=1, revisionHistoryLimit=1)

    for image in ("v2", "v3", "v4"):
        cluster.image(image)
        cluster.settle()

    assert set(cluster.sizes()) == {"v3", "v4"}


def test_a_paused_deployment_scales_but_does_not_roll():
    cluster = Cluster(replicas=2, paused=True)
    assert cluster.world.list(REPLICA_SETS) == []

    cluster.change(paused=False)
    cluster.settle()
    cluster.change(paused=True)
    cluster.settle()
    cluster.image("v2")
    cluster.change(replicas=4)
    cluster.settle()

    assert cluster.sizes() == {"v1": 4}
    assert cluster.reason("Progressing") == "DeploymentPaused"

    cluster.change(paused=False)
    cluster.settle()
    assert cluster.sizes() == {"v1": 0, "v2": 4}


def test_a_rollout_that_does_not_progress_misses_its_deadline():
    cluster = Cluster(replicas=2, progressDeadlineSeconds=60, runs=lambda image: False)
    assert cluster.reason("Progressing") in ("NewReplicaSetCreated", "ReplicaSetUpdated")
    assert cluster.reason("Available") == "MinimumReplicasUnavailable"

    cluster.world.now = max(cluster.world.wakes)
    cluster.settle()

    assert cluster.reason("Progressing") == "ProgressDeadlineExceeded"
    assert get_condition(cluster.status, "Progressing")["status"] == "False"


def test_a_second_update_takes_over_from_a_stuck_first():
    cluster = Cluster(replicas=4, runs=lambda image: image != "broken")
    cluster.image("broken")
    cluster.settle()

    cluster.image("v3")
    cluster.settle()

    assert cluster.sizes() == {"v1": 0, "broken": 0, "v3": 4}


def test_a_pod_counts_as_available_only_after_min_ready_seconds():
    cluster = Cluster(replicas=1, minReadySeconds=10)
    assert "availableReplicas" not in cluster.status

    cluster.world.now += 10
    cluster.settle()

    assert cluster.status["availableReplicas"] == 1


def test_conditions_of_others_survive():
    cluster = Cluster(replicas=1)
    foreign = {"type": "Foreign", "status": "True"}
    status = {**cluster.status, "conditions": [*cluster.status["conditions"], foreign], "readyReplicas": 0}
    cluster.world.update(DEPLOYMENTS, {**cluster.deployment, "status": status}, "status")

    cluster.settle()

    assert foreign in cluster.status["conditions"]
    assert cluster.status["readyReplicas"] == 1


def test_refused_pods_show_as_replica_failure_until_they_are_let_in():
    cluster = Cluster(replicas=1)
    cluster.world.refuse = lambda action: (
        Forbidden("exceeded quota")
        if getattr(action, "resource", None) == PODS and hasattr(action, "on_failure")
        else None
    )

    cluster.change(replicas=3)
    cluster.settle()

    assert cluster.reason("ReplicaFailure") == "FailedCreate"

    cluster.world.refuse = lambda action: None
    cluster.settle()
    assert get_condition(cluster.status, "ReplicaFailure") is None


def test_a_foreign_replica_set_with_our_name_makes_the_hash_change():
    cluster = Cluster(replicas=1)
    taken = cluster.world.list(REPLICA_SETS)[0]["metadata"]["name"]
    cluster = Cluster(replicas=1, paused=True)
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "other"}},
        "template": {"spec": {"containers": [{"image": "x"}]}},
    }
    cluster.world.create(REPLICA_SETS, {"metadata": {"name": taken, "namespace": "default"}, "spec": spec})

    cluster.change(paused=False)
    cluster.settle()

    assert cluster.status["collisionCount"] == 1
    assert len(cluster.world.list(PODS)) == 1


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"replicas": -1}, "spec.replicas"),
        ({"selector": {}}, "spec.selector"),
        ({"selector": {"matchLabels": {"app": "other"}}}, "spec.template.metadata.labels"),
        ({"strategy": {"type": "Sideways"}}, "spec.strategy"),
        ({"progressDeadlineSeconds": 5, "minReadySeconds": 5}, "spec.progressDeadlineSeconds"),
        (
            {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
            "spec.strategy.rollingUpdate.maxUnavailable",
        ),
    ],
)
def test_what_is_wrong_is_named(change, path):
    good = Cluster().deployment
    bad = {**good, "spec": {**good["spec"], **change}}
    DEPLOYMENT.default(bad)

    assert list(DEPLOYMENT.validate(good, None)) == []
    assert path in [problem.path for problem in DEPLOYMENT.validate(bad, None)]


def test_the_selector_cannot_be_changed():
    old = Cluster().deployment
    new = {**old, "spec": {**old["spec"], "selector": {"matchLabels": {"app": "web", "x": "y"}}}}

    assert "spec.selector" in [problem.path for problem in DEPLOYMENT.validate(new, old)]


def test_columns_are_what_kubectl_shows():
    shown = {column.name.upper(): column.cell(Cluster(replicas=2).deployment) for column in DEPLOYMENT.columns}

    assert shown["READY"] == "2/2"
    assert (shown["UP-TO-DATE"], shown["AVAILABLE"]) == (2, 2)
    assert (shown["CONTAINERS"], shown["IMAGES"], shown["SELECTOR"]) == ("c", "v1", "app=web")
    assert get_path(Cluster().deployment, "status", "replicas") == 1
