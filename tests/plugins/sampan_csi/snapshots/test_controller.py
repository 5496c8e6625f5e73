import pytest

from sampan.contracts.reconciling import Create, Emit, Key, Patch, Remove
from sampan_csi.snapshots import controller
from sampan_csi.snapshots.naming import AS_SOURCE, BEING_DELETED, BOUND, CLAIM, CLASSES, CONTENTS, SNAPSHOTS
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES

KEY = Key("ns", "now")


class Seen:
    now = 0.0

    def __init__(self, **objects):
        self.objects = objects

    def get(self, resource, name, namespace=""):
        return next((one for one in self.list(resource) if one["metadata"]["name"] == name), None)

    def list(self, resource, namespace=""):
        return self.objects.get(resource.plural, [])


def snapshot(status=None, deleting=False, source=None, class_name="fast", finalizers=(AS_SOURCE, BOUND)):
    meta = {"name": "now", "namespace": "ns", "uid": "s", "resourceVersion": "1", "finalizers": list(finalizers)}
    if deleting:
        meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    spec = {"source": source or {"persistentVolumeClaimName": "data"}}
    return {
        "metadata": meta, "spec": {**spec, "volumeSnapshotClassName": class_name} if class_name else spec,
        "status": status or {},
    }  # fmt: skip


def content(name="snapcontent-s", policy="Delete", uid="s", deleting=False, source=None, **more):
    meta = {"name": name, "uid": "c", "resourceVersion": "1", **more}
    if deleting:
        meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    reference = {"name": "now", "namespace": "ns", **({"uid": uid} if uid else {})}
    return {
        "metadata": meta, "status": {},
        "spec": {"deletionPolicy": policy, "volumeSnapshotRef": reference, "source": source or {"volumeHandle": "h"}},
    }  # fmt: skip


def claim(name="data", phase="Bound", **spec):
    meta = {"name": name, "namespace": "ns", "uid": name, "resourceVersion": "1"}
    return {"metadata": meta, "spec": {"volumeName": "pv", **spec}, "status": {"phase": phase}}


VOLUME = {"metadata": {"name": "pv"}, "spec": {"csi": {"driver": "d", "volumeHandle": "h"}}}
BOUND_CLAIM = claim()
FAST = {"metadata": {"name": "fast"}, "driver": "d", "deletionPolicy": "Delete"}


def seen(*, snapshots=(), contents=(), claims=(BOUND_CLAIM,), volumes=(VOLUME,), classes=(FAST,)):
    found = {SNAPSHOTS: snapshots, CONTENTS: contents, CLAIMS: claims, VOLUMES: volumes, CLASSES: classes}
    return Seen(**{resource.plural: list(objects) for resource, objects in found.items()})


def decide(**objects):
    return list(controller.decide(KEY, seen(**objects)))


def told(actions):
    return [one.reason for one in actions if isinstance(one, Emit)]


def test_a_content_is_made_and_the_claim_is_kept_meanwhile():
    actions = decide(snapshots=[snapshot(finalizers=())])

    finalizers, kept, made, said = actions
    assert finalizers.patch["metadata"]["finalizers"] == [AS_SOURCE, BOUND]
    assert kept.name == "data" and kept.patch["metadata"]["finalizers"] == [CLAIM]
    assert isinstance(made, Create) and made.object["spec"]["source"] == {"volumeHandle": "h"}
    assert said.reason == "CreatingSnapshot"


@pytest.mark.parametrize(
    ("objects", "reason", "text"),
    [
        ({"claims": ()}, "SnapshotContentCreationFailed", 'the claim "data" does not exist'),
        ({"claims": (claim(phase="Pending"),)}, "SnapshotContentCreationFailed", "is not bound to a volume"),
        (
            {"volumes": ({"metadata": {"name": "pv"}, "spec": {"local": {}}},)},
            "SnapshotContentCreationFailed", "has no CSI driver",
        ),
        ({"classes": ()}, "SnapshotContentCreationFailed", 'the VolumeSnapshotClass "fast" does not exist'),
        ({"classes": ({**FAST, "driver": "x"},)}, "SnapshotContentCreationFailed", "is for driver x, not d"),
    ],
)  # fmt: skip
def test_why_no_snapshot_is_made_is_told_once(objects, reason, text):
    said, status = decide(snapshots=[snapshot()], **objects)
    assert said.reason == reason and text in said.message
    assert status.patch["status"]["error"]["message"] == said.message

    assert not decide(snapshots=[snapshot(status={"error": {"message": said.message}})], **objects)


def test_the_driver_s_default_class_is_taken_where_there_is_one():
    default = {**FAST, "metadata": {**FAST["metadata"], "annotations": {controller.DEFAULT_CLASS: "true"}}}

    actions = decide(snapshots=[snapshot(class_name="")], classes=[default])
    assert actions[0].patch == {"spec": {"volumeSnapshotClassName": "fast"}}

    assert told(decide(snapshots=[snapshot(class_name="")])) == ["SetDefaultSnapshotClassFailed"]


def test_a_content_of_another_snapshot_is_not_taken():
    by_hand = snapshot(source={"volumeSnapshotContentName": "static"})
    handle = {"snapshotHandle": "h"}

    assert told(decide(snapshots=[by_hand])) == ["SnapshotContentMissing"]
    other = content("static", uid="another", source=handle)
    assert told(decide(snapshots=[by_hand], contents=[other])) == ["SnapshotContentMisbound"]
    assert told(decide(snapshots=[by_hand], contents=[content("static")])) == ["SnapshotContentMismatch"]

    binding, status = decide(snapshots=[by_hand], contents=[content("static", uid="", source=handle)])
    assert binding.patch["spec"]["volumeSnapshotRef"]["uid"] == "s"
    assert status.patch["status"]["boundVolumeSnapshotContentName"] == "static"


def test_a_content_that_disappeared_is_told():
    bound = snapshot(status={"boundVolumeSnapshotContentName": "snapcontent-s"})

    assert told(decide(snapshots=[bound])) == ["SnapshotContentMissing"]


def test_a_snapshot_is_kept_while_a_claim_is_being_made_from_it():
    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "now"}
    user = claim("restored", "Pending", dataSource=source)

    actions = decide(snapshots=[snapshot(deleting=True)], contents=[content()], claims=[claim(), user])

    assert told(actions) == ["SnapshotDeletePending"] and len(actions) == 1


def test_the_content_goes_before_the_snapshot():
    mark, gone = decide(snapshots=[snapshot(deleting=True)], contents=[content()])
    assert mark.patch["metadata"]["annotations"] == {BEING_DELETED: "yes"}
    assert isinstance(gone, Remove) and gone.name == "snapcontent-s"

    waiting = content(deleting=True, annotations={BEING_DELETED: "yes"})
    assert not decide(snapshots=[snapshot(deleting=True)], contents=[waiting])

    (last,) = decide(snapshots=[snapshot(deleting=True)])
    assert isinstance(last, Patch) and last.patch["metadata"]["finalizers"] is None


def test_a_content_without_its_snapshot_may_be_deleted():
    (mark,) = decide(contents=[content(deleting=True)])

    assert mark.patch["metadata"]["annotations"] == {BEING_DELETED: "yes"}
    assert not decide(contents=[content()])


def test_what_changed_says_which_snapshots_are_concerned():
    known = seen(snapshots=[snapshot()])
    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "other"}

    assert list(controller.keys_of_content(content(), known)) == [KEY]
    assert list(controller.keys_of_claim(claim(), known)) == [KEY]
    assert list(controller.keys_of_claim(claim("x", dataSource=source), known)) == [Key("ns", "other")]
    assert list(controller.keys_of_class(FAST, known)) == [KEY]
    volume = {**VOLUME, "spec": {"claimRef": {"namespace": "ns", "name": "data"}}}
    assert list(controller.keys_of_volume(volume, known)) == [KEY]
    assert not list(controller.keys_of_volume(VOLUME, known))
