import pytest

from sampan.contracts.reconciling import Emit, Key, Patch, Update
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_machinery.resources import PODS, STORAGE_CLASSES
from sampan_storage import claim_binder
from sampan_storage.binding import BIND_COMPLETED
from sampan_testing.shelves import Shelf

KEY = Key("default", "data")
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}


def claim(annotations=None, phase="Pending", deleting=False, **spec):
    meta = {
        "name": "data",
        "namespace": "default",
        "uid": "1",
        "resourceVersion": "7",
        "annotations": annotations or {},
    }
    if deleting:
        meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return CLAIMS, {"metadata": meta, "spec": {**wanted, **spec}, "status": {"phase": phase}}


def volume(name="v", uid="2", reference=None, phase="Available", **spec):
    given = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, **spec}
    if reference is not None:
        given["claimRef"] = {"namespace": "default", **reference}
    return VOLUMES, {"metadata": {"name": name, "uid": uid}, "spec": given, "status": {"phase": phase}}


def a_class(name="fast", mode="Immediate", provisioner="a.example", annotations=None):
    meta = {"name": name, "annotations": annotations or {}}
    return STORAGE_CLASSES, {"metadata": meta, "provisioner": provisioner, "volumeBindingMode": mode}


def pod(name="web", **spec):
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    return PODS, {"metadata": {"name": name, "namespace": "default"}, "spec": {"volumes": volumes, **spec}}


def decided(*objects):
    return claim_binder.decide(KEY, Shelf(objects))


def events(actions):
    return [(each.type, each.reason, each.message) for each in actions if isinstance(each, Emit)]


def kinds(actions):
    return [(type(each).__name__, each.resource.kind) for each in actions if not isinstance(each, Emit)]


BOTH = [("Update", "PersistentVolume"), ("Patch", "PersistentVolume"), ("Update", "PersistentVolumeClaim"),
        ("Patch", "PersistentVolumeClaim")]  # fmt: skip


def test_a_volume_that_fits_is_bound():
    assert kinds(decided(claim(), volume())) == BOTH


def test_without_volume_and_class_it_is_said():
    text = "no persistent volumes available for this claim and no storage class is set"

    assert events(decided(claim())) == [("Normal", "FailedBinding", text)]
    assert kinds(decided(claim())) == []


def test_a_class_that_became_the_default_is_taken():
    [action] = decided(claim(), a_class(annotations=DEFAULT))

    assert isinstance(action, Update)
    assert action.object["spec"]["storageClassName"] == "fast"
    assert kinds(decided(claim(storageClassName=""), a_class(annotations=DEFAULT))) == []


def test_a_provisioner_outside_is_asked():
    update, event = decided(claim(storageClassName="fast"), a_class())

    assert update.object["metadata"]["annotations"] == {
        "volume.beta.kubernetes.io/storage-provisioner": "a.example",
        "volume.kubernetes.io/storage-provisioner": "a.example",
    }
    assert event.reason == "ExternalProvisioning"
    assert event.message.startswith(
        "Waiting for a volume to be created either by the external provisioner 'a.example' "
    )
    [again] = decided(claim(update.object["metadata"]["annotations"], storageClassName="fast"), a_class())
    assert isinstance(again, Emit)


@pytest.mark.parametrize(
    "others, text",
    [
        ([], 'storageclass.storage.k8s.io "fast" not found'),
        (
            [a_class(provisioner="kubernetes.io/no-provisioner")],
            "no volume plugin matched name: kubernetes.io/no-provisioner",
        ),
    ],
)
def test_what_cannot_be_provisioned_is_said(others, text):
    assert events(decided(claim(storageClassName="fast"), *others)) == [("Warning", "ProvisioningFailed", text)]


@pytest.mark.parametrize(
    "pods, reason, text",
    [
        ([], "WaitForFirstConsumer", "waiting for first consumer to be created before binding"),
        ([pod()], "WaitForPodScheduled", "waiting for pod web to be scheduled"),
        ([pod(), pod("api")], "WaitForPodScheduled", "waiting for pods api,web to be scheduled"),
        ([pod(nodeName="n")], "WaitForFirstConsumer", "waiting for first consumer to be created before binding"),
    ],
)
def test_a_claim_that_waits_says_for_what(pods, reason, text):
    waiting = a_class(mode="WaitForFirstConsumer")
    found = decided(claim(storageClassName="fast"), waiting, volume(storageClassName="fast"), *pods)

    assert events(found) == [("Normal", reason, text)]


def test_with_a_node_chosen_a_waiting_claim_is_provisioned():
    chosen = claim({"volume.kubernetes.io/selected-node": "n"}, storageClassName="fast")

    assert "ExternalProvisioning" in str(events(decided(chosen, a_class(mode="WaitForFirstConsumer"))))


def test_a_named_volume_is_bound_or_waited_for():
    assert kinds(decided(claim(volumeName="v"), volume())) == BOTH
    assert kinds(decided(claim(volumeName="v"), volume(reference={"name": "data"}))) == BOTH
    assert decided(claim(volumeName="v")) == []


def test_a_named_volume_that_does_not_do_is_told():
    [(kind, reason, text)] = events(decided(claim(volumeName="v"), volume(volumeMode="Block")))
    assert (kind, reason, text) == (
        "Warning",
        "VolumeMismatch",
        'Cannot bind to requested volume "v": incompatible volumeMode',
    )

    [(_, reason, text)] = events(decided(claim(volumeName="v"), volume(reference={"name": "other", "uid": "9"})))
    assert (reason, text) == ("FailedBinding", 'volume "v" already bound to a different claim.')


def test_what_of_a_bound_claim_is_missing_is_written_again():
    bound = claim({BIND_COMPLETED: "yes"}, "Bound", volumeName="v")

    assert ("Update", "PersistentVolume") in kinds(decided(bound, volume()))


@pytest.mark.parametrize(
    "others, name, reason, text",
    [
        ([], "v", "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"),
        ([], "", "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"),
        (
            [volume(reference={"name": "other", "uid": "9"})],
            "v",
            "ClaimMisbound",
            "Two claims are bound to the same volume, this one is bound incorrectly",
        ),
    ],
)
def test_a_bound_claim_without_its_volume_is_lost(others, name, reason, text):
    found = decided(claim({BIND_COMPLETED: "yes"}, "Bound", volumeName=name), *others)

    assert isinstance(found[0], Patch)
    assert found[0].patch["status"]["phase"] == "Lost"
    assert events(found) == [("Warning", reason, text)]
    assert decided(claim({BIND_COMPLETED: "yes"}, "Lost", volumeName=name), *others) == []


def test_a_claim_that_goes_is_not_bound_any_more():
    assert decided(claim(deleting=True), volume()) == []
    assert decided() == []


def test_who_is_looked_at_when_something_changes():
    shelf = Shelf([claim(storageClassName="fast")])

    def concerned(keys, obj):
        return list(keys(obj[1], shelf))

    assert concerned(claim_binder.keys_of_volume, volume(storageClassName="fast")) == [KEY]
    assert concerned(claim_binder.keys_of_volume, volume()) == []
    assert concerned(claim_binder.keys_of_volume, volume(reference={"name": "other"})) == [Key("default", "other")]
    assert concerned(claim_binder.keys_of_class, a_class()) == [KEY]
    assert concerned(claim_binder.keys_of_class, a_class("slow")) == []
    assert concerned(claim_binder.keys_of_pod, pod()) == [KEY]
    assert concerned(claim_binder.keys_of_pod, pod(nodeName="n")) == []
