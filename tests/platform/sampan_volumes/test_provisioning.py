import pytest

from sampan.errors import NotFound
from sampan_machinery.resources import PERSISTENT_VOLUMES
from sampan_volumes.provisioning import (
    SELECTED_NODE,
    ProvisionerEvents,
    claim_reference,
    drop_finalizer,
    give_back,
    volume_name,
)

META = {"name": "data", "namespace": "ns", "uid": "1", "resourceVersion": "7"}
CLAIM = {"metadata": META, "spec": {"storageClassName": "fast"}}


class Client:
    def __init__(self, gone=False):
        self.patches, self.gone = [], gone

    def patch(self, resource, name, patch, namespace="", **how):
        if self.gone:
            raise NotFound(name)
        self.patches.append((resource.plural, name, patch, namespace, how))


class Recorder:
    def __init__(self):
        self.said = []

    def event(self, about, type, reason, message):
        self.said.append((about["kind"], type, reason, message))


@pytest.fixture
def recorder():
    return Recorder()


def test_events_are_upstream_s(recorder):
    events = ProvisionerEvents(recorder)
    events.provisioning(CLAIM)
    events.failed(CLAIM, "full")
    events.provisioned(CLAIM)
    events.resizing(CLAIM, "pv")
    events.resize_failed(CLAIM, "pv", "no")
    events.resized_for_the_node(CLAIM)
    events.resized(CLAIM)
    events.not_deleted({"metadata": {"name": "pv"}}, "busy")

    assert recorder.said == [
        ("PersistentVolumeClaim", "Normal", "Provisioning",
         'External provisioner is provisioning volume for claim "ns/data"'),
        ("PersistentVolumeClaim", "Warning", "ProvisioningFailed",
         'failed to provision volume with StorageClass "fast": full'),
        ("PersistentVolumeClaim", "Normal", "ProvisioningSucceeded", "Successfully provisioned volume pvc-1"),
        ("PersistentVolumeClaim", "Normal", "Resizing", "External resizer is resizing volume pv"),
        ("PersistentVolumeClaim", "Warning", "VolumeResizeFailed", 'resize volume "pv" failed: no'),
        ("PersistentVolumeClaim", "Normal", "FileSystemResizeRequired",
         "Require file system resize of volume on node"),
        ("PersistentVolumeClaim", "Normal", "VolumeResizeSuccessful", "Resize volume succeeded"),
        ("PersistentVolume", "Warning", "VolumeFailedDelete", "busy"),
    ]  # fmt: skip


def test_a_volume_is_named_after_its_claim_and_refers_to_it():
    assert volume_name(CLAIM) == "pvc-1"
    assert claim_reference(CLAIM) == {"kind": "PersistentVolumeClaim", "apiVersion": "v1", **META}


def test_only_a_claim_that_chose_a_node_is_given_back():
    client = Client()
    give_back(client, CLAIM)
    assert not client.patches

    chosen = {**CLAIM, "metadata": {**META, "annotations": {SELECTED_NODE: "n"}}}
    give_back(client, chosen)

    change = {"metadata": {"resourceVersion": "7", "annotations": {SELECTED_NODE: None}}}
    assert client.patches == [("persistentvolumeclaims", "data", change, "ns", {})]


def test_a_finalizer_is_dropped_once_and_an_object_that_is_gone_is_no_error():
    client = Client()
    volume = {"metadata": {"name": "pv", "uid": "2", "finalizers": ["a", "b"]}}
    drop_finalizer(client, PERSISTENT_VOLUMES, volume, "c")
    assert not client.patches
    drop_finalizer(client, PERSISTENT_VOLUMES, volume, "a")

    change = {"metadata": {"uid": "2", "$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert client.patches == [("persistentvolumes", "pv", change, "", {"how": "strategic"})]
    drop_finalizer(Client(gone=True), PERSISTENT_VOLUMES, volume, "a")
