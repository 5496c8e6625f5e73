from __future__ import annotations

from sampan.errors import Forbidden
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import PODS, STATEFUL_SETS


def test_pods_come_one_after_another(simulated):
    db = simulated()

    db.step()
    db.step()
    assert db.ordinals() == [0]

    db.ready(0)
    db.step()
    assert db.ordinals() == [0, 1]
    db.ready(1)
    db.step()
    assert db.ordinals() == [0, 1, 2]


def test_a_pod_has_its_names_its_revision_and_its_subdomain(simulated):
    db = simulated(ordinals={"start": 4})
    db.step()

    pod = db.pod(4)
    (revision,) = db.revisions()
    assert pod["metadata"]["labels"] == {
        "app": "db", "statefulset.kubernetes.io/pod-name": "db-4", "apps.kubernetes.io/pod-index": "4",
        "controller-revision-hash": revision,
    }  # fmt: skip
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("db-4", "db")
    assert db.world.events == [("SuccessfulCreate", "Create Pod db-4 in StatefulSet db successful")]


def test_parallel_pods_come_at_once_and_go_at_once(simulated):
    db = simulated(podManagementPolicy="Parallel")

    db.step()
    assert db.ordinals() == [0, 1, 2]

    db.change(replicas=1)
    db.step()
    assert db.ordinals() == [0]


def test_scaling_down_takes_the_highest_ordinal_and_waits_for_unhealthy_pods(simulated):
    db = simulated()
    db.settle()
    db.change(replicas=1)

    db.ready(1, 2, value="False")
    db.step()
    assert db.ordinals() == [0, 1, 2]

    db.ready(1, 2)
    db.step()
    assert db.ordinals() == [0, 1]
    db.step()
    assert db.ordinals() == [0]


def test_the_unhealthy_pod_itself_may_be_scaled_away(simulated):
    db = simulated()
    db.settle()
    db.change(replicas=2)
    db.ready(2, value="False")

    db.step()

    assert db.ordinals() == [0, 1]


def test_a_rolling_update_goes_from_the_highest_ordinal_and_waits_for_each(simulated):
    db = simulated()
    db.settle()
    first = db.status()["currentRevision"]
    db.change("v2")

    db.step()
    assert db.ordinals() == [0, 1]
    db.step()
    db.step()
    assert db.images() == {0: "v1", 1: "v1", 2: "v2"}
    assert (db.status()["currentReplicas"], db.status()["updatedReplicas"]) == (2, 1)

    db.settle()
    status = db.status()
    assert db.images() == {0: "v2", 1: "v2", 2: "v2"}
    assert status["currentRevision"] == status["updateRevision"] != first
    assert status["currentReplicas"] == status["updatedReplicas"] == 3


def test_a_partition_keeps_the_lower_pods_and_gives_them_back_their_revision(simulated):
    db = simulated()
    db.settle()
    db.change("v2", updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
    db.settle()
    assert db.images() == {0: "v1", 1: "v1", 2: "v2"}

    for ordinal in (0, 2):
        db.world.remove(PODS, f"db-{ordinal}", "default")
    db.settle()

    assert db.images() == {0: "v1", 1: "v1", 2: "v2"}
    assert db.status()["currentRevision"] != db.status()["updateRevision"]


def test_several_pods_may_be_unavailable_where_it_is_allowed(simulated):
    db = simulated(
        replicas=4, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2, "partition": 0}}
    )
    db.settle()
    db.change("v2")

    db.step()

    assert db.ordinals() == [0, 1]


def test_on_delete_waits_for_the_user(simulated):
    db = simulated(updateStrategy={"type": "OnDelete"})
    db.settle()
    db.change("v2")
    db.settle()
    assert set(db.images().values()) == {"v1"}

    db.world.remove(PODS, "db-1", "default")
    db.settle()

    assert db.images() == {0: "v1", 1: "v2", 2: "v1"}


def test_rolling_back_uses_the_former_revision_with_a_new_number(simulated):
    db = simulated()
    db.settle()
    (first,) = db.revisions()
    db.change("v2")
    db.settle()

    db.change("v1")
    db.settle()

    assert db.revisions()[first] == 3
    assert sorted(db.revisions().values()) == [2, 3]
    assert db.status()["currentRevision"] == first


def test_revisions_beyond_the_limit_are_removed_when_no_pod_has_them(simulated):
    db = simulated(revisionHistoryLimit=1)
    for image in ("v1", "v2", "v3", "v4"):
        db.change(image)
        db.settle()

    assert sorted(db.revisions().values()) == [3, 4]


def test_a_pod_that_has_failed_is_replaced(simulated):
    db = simulated()
    db.settle()
    uid = db.pod(1)["metadata"]["uid"]

    db.ready(1, value="False", phase="Failed")
    db.step()
    assert db.ordinals() == [0, 2]
    db.settle()

    assert db.ordinals() == [0, 1, 2]
    assert db.pod(1)["metadata"]["uid"] != uid


def test_a_pod_is_available_after_min_ready_seconds(simulated):
    db = simulated(minReadySeconds=30)
    db.step()
    db.ready(0)
    db.step()
    assert (db.ordinals(), db.status()["readyReplicas"], db.status()["availableReplicas"]) == ([0], 1, 0)
    assert db.world.wakes[-1] == db.world.now + 30

    db.world.now += 30
    db.step()

    assert db.ordinals() == [0, 1]
    assert db.status()["availableReplicas"] == 1


def test_a_refused_pod_is_told_and_the_status_is_written_all_the_same(simulated):
    db = simulated()
    db.world.refuse = lambda action: Forbidden("quota") if getattr(action, "resource", None) == PODS else None

    assert isinstance(db.step(), Forbidden)

    assert db.status()["observedGeneration"] == 1
    assert db.world.events == [("FailedCreate", "Create Pod db-0 in StatefulSet db failed error: quota")]


def test_a_lost_label_is_put_back(simulated):
    db = simulated(replicas=1)
    db.settle()
    pod = db.pod(0)
    labels = {**pod["metadata"]["labels"]}
    del labels["statefulset.kubernetes.io/pod-name"]
    db.world.update(PODS, {**pod, "metadata": {**pod["metadata"], "labels": labels}})

    db.settle()

    assert db.pod(0)["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] == "db-0"


def test_only_orphans_with_a_name_of_the_set_are_adopted(simulated):
    db = simulated(replicas=1)
    for name in ("db-0", "other-0"):
        metadata = {"name": name, "namespace": "default", "labels": {"app": "db"}}
        db.world.create(PODS, {"metadata": metadata, "spec": {"containers": [{"name": "c", "image": "v1"}]}})

    db.settle()

    assert db.pod(0)["metadata"]["ownerReferences"][0]["kind"] == "StatefulSet"
    assert "ownerReferences" not in db.world.get(PODS, "other-0", "default")["metadata"]


def test_a_set_that_is_deleted_makes_nothing(simulated):
    db = simulated()
    owner = db.owner()
    metadata = {**owner["metadata"], "deletionTimestamp": now_text(db.world.now)}
    db.world.update(STATEFUL_SETS, {**owner, "metadata": metadata})

    db.step()

    assert (db.ordinals(), db.revisions()) == ([], {})
