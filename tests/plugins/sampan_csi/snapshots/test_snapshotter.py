"""Snapshots against a whole API server, the controller, and a driver over gRPC."""

import grpc
import pytest

from sampan.errors import Invalid, NotFound
from sampan_csi.snapshots.naming import CLASSES, CONTENTS, DEFAULT_CLASS, SNAPSHOTS
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS

AS_SOURCE = "snapshot.storage.kubernetes.io/pvc-as-source-protection"


class Snapshots:
    """``world`` with a bound claim called data."""

    def __init__(self, world):
        self.world, self.client, self.driver, self.until = world, world.client, world.driver, world.cluster.until
        self.until(lambda: self.served(CLASSES) and self.served(CONTENTS) and self.served(SNAPSHOTS))
        marks = {DEFAULT_CLASS: "true"}
        for name, policy, annotations in (("fast", "Delete", marks), ("kept", "Retain", {})):
            made = {"metadata": {"name": name, "annotations": annotations}, "driver": "d.test"}
            self.client.create(CLASSES, {**made, "deletionPolicy": policy, "parameters": {"tier": "gold"}})
        world.claim()
        world.choose()
        world.bound()

    def served(self, resource):
        try:
            return [self.client.list(resource)]
        except NotFound:
            return []

    def make(self, name="now", **spec):
        spec = {"source": {"persistentVolumeClaimName": "data"}, **spec}
        return self.client.create(SNAPSHOTS, {"metadata": {"name": name}, "spec": spec}, "default")

    def get(self, name="now"):
        return self.client.get(SNAPSHOTS, name, "default")

    def ready(self, name="now"):
        return self.until(lambda: (found := self.get(name)).get("status", {}).get("readyToUse") and found)

    def content(self, name="now"):
        return self.client.get(CONTENTS, self.get(name)["status"]["boundVolumeSnapshotContentName"])

    def is_gone(self, resource, name, namespace=""):
        try:
            self.client.get(resource, name, namespace)
        except NotFound:
            return True
        return False

    def restore(self, name, size="1Gi", **spec):
        source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "now"}
        wanted = {
            "accessModes": ["ReadWriteOnce"], "storageClassName": "now", "resources": {"requests": {"storage": size}},
            "dataSource": source, **spec,
        }  # fmt: skip
        self.client.create(CLAIMS, {"metadata": {"name": name}, "spec": wanted}, "default")

    def bound(self, name):
        claim = self.client.get(CLAIMS, name, "default")
        return claim["status"].get("phase") == "Bound" and claim


@pytest.fixture
def snapshots(snapshot_world):
    return Snapshots(snapshot_world)


def test_a_claim_is_snapshotted_restored_and_the_snapshot_deleted(snapshots):
    volume = snapshots.world.bound()
    place = snapshots.driver.data / volume["spec"]["csi"]["volumeHandle"]
    (place / "file").write_text("kept")
    snapshots.make()

    found = snapshots.ready()
    content = snapshots.content()
    assert found["spec"]["volumeSnapshotClassName"] == "fast"
    assert found["status"]["restoreSize"] == str(1 << 30)
    assert found["status"]["creationTime"] == "2023-11-14T22:13:20Z"
    assert content["spec"]["volumeSnapshotRef"]["uid"] == found["metadata"]["uid"]
    assert content["metadata"]["labels"]["snapshot.storage.kubernetes.io/managed-by"] == "n"
    (call,) = snapshots.driver.calls("CreateSnapshot")
    assert call["parameters"] == {"tier": "gold"} and call["name"] == f"snapshot-{found['metadata']['uid']}"
    snapshots.until(lambda: AS_SOURCE not in snapshots.client.get(CLAIMS, "data", "default")["metadata"]["finalizers"])

    snapshots.restore("again")
    claim = snapshots.until(lambda: snapshots.bound("again"))
    restored = snapshots.driver.data / f"id-{claim['spec']['volumeName']}"
    assert (restored / "file").read_text() == "kept"

    snapshots.client.delete(SNAPSHOTS, "now", "default")
    snapshots.until(lambda: snapshots.is_gone(SNAPSHOTS, "now", "default"))
    assert snapshots.is_gone(CONTENTS, content["metadata"]["name"])
    (call,) = snapshots.driver.calls("DeleteSnapshot")
    assert call["snapshot_id"] == content["status"]["snapshotHandle"]


def test_a_retained_content_outlives_its_snapshot_and_can_be_bound_again(snapshots):
    snapshots.make(volumeSnapshotClassName="kept")
    snapshots.ready()
    content = snapshots.content()
    snapshots.client.delete(SNAPSHOTS, "now", "default")
    snapshots.until(lambda: snapshots.is_gone(SNAPSHOTS, "now", "default"))

    handle = content["status"]["snapshotHandle"]
    spec = {
        "driver": "d.test", "deletionPolicy": "Retain", "source": {"snapshotHandle": handle},
        "volumeSnapshotRef": {"name": "by-hand", "namespace": "default"},
    }  # fmt: skip
    snapshots.client.create(CONTENTS, {"metadata": {"name": "static"}, "spec": spec})
    snapshots.make("by-hand", source={"volumeSnapshotContentName": "static"})

    assert snapshots.ready("by-hand")["status"]["boundVolumeSnapshotContentName"] == "static"
    snapshots.client.delete(CONTENTS, content["metadata"]["name"])
    snapshots.until(lambda: snapshots.is_gone(CONTENTS, content["metadata"]["name"]))
    assert not snapshots.driver.calls("DeleteSnapshot")


def test_a_failure_is_told_in_the_snapshot_and_tried_again(snapshots):
    snapshots.driver.fail["CreateSnapshot"] = grpc.StatusCode.INTERNAL, "no room"
    snapshots.make()
    error = snapshots.until(lambda: (snapshots.get().get("status") or {}).get("error"))
    assert "no room" in error["message"]

    snapshots.driver.fail.clear()

    assert not snapshots.ready()["status"].get("error")


def test_a_claim_is_cloned_and_one_that_is_too_small_is_told(snapshots):
    source = {"kind": "PersistentVolumeClaim", "name": "data"}
    snapshots.restore("clone", dataSource=source)
    snapshots.restore("small", "512Mi", dataSource=source)

    snapshots.until(lambda: snapshots.bound("clone"))
    call = next(one for one in snapshots.driver.calls("CreateVolume") if one["volume_content_source"])
    handle = snapshots.world.bound()["spec"]["csi"]["volumeHandle"]
    assert call["volume_content_source"]["volume"] == {"volume_id": handle}
    snapshots.until(lambda: any("claim data has 1Gi" in text for text in snapshots.world.said("ProvisioningFailed")))


def test_a_snapshot_has_one_source_which_stays(snapshots):
    with pytest.raises(Invalid, match="exactly one of persistentVolumeClaimName and volumeSnapshotContentName"):
        snapshots.make("none", source={})
    snapshots.make()
    change = {"spec": {"source": {"persistentVolumeClaimName": "other"}}}
    with pytest.raises(Invalid, match="persistentVolumeClaimName is immutable"):
        snapshots.client.patch(SNAPSHOTS, "now", change, "default")
