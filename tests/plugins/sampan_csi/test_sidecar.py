"""The side-cars' part against a whole API server and a driver over gRPC."""

import grpc

from sampan_machinery.resources import NODES, PODS
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES

SELECTED = "volume.kubernetes.io/selected-node"


def test_a_volume_is_made_attached_detached_and_removed(world):
    world.claim()
    world.choose()
    volume = world.bound()
    create, *_ = world.driver.calls("CreateVolume")
    assert create["parameters"] == {"tier": "gold"}
    assert create["accessibility_requirements"]["preferred"] == [{"segments": {"zone": "z"}}]
    assert volume["spec"]["csi"]["volumeAttributes"] == {"made": "yes"}
    assert world.cluster.until(lambda: world.said("ProvisioningSucceeded"))

    world.pod()
    (attachment,) = world.cluster.until(
        lambda: [one for one in world.attachments() if (one.get("status") or {}).get("attached")]
    )
    assert attachment["status"]["attachmentMetadata"]["device"].endswith("on node-of-driver")
    assert world.cluster.until(lambda: world.said("SuccessfulAttachVolume"))

    world.client.delete(PODS, "web", "default", grace=0)
    world.cluster.until(lambda: not world.attachments())
    assert len(world.driver.calls("ControllerUnpublishVolume")) == 1

    world.client.delete(CLAIMS, "data", "default")
    world.cluster.until(lambda: world.is_gone(volume))
    assert world.driver.calls("DeleteVolume")[-1]["volume_id"] == volume["spec"]["csi"]["volumeHandle"]


def test_a_volume_is_not_removed_while_it_is_attached(world):
    world.claim()
    world.choose()
    volume = world.bound()
    world.client.patch(
        NODES, "n",
        {"status": {"volumesInUse": [f"kubernetes.io/csi/d.test^{volume['spec']['csi']['volumeHandle']}"]}},
        subresource="status",
    )  # fmt: skip
    world.pod()
    world.cluster.until(lambda: [one for one in world.attachments() if (one.get("status") or {}).get("attached")])
    world.client.delete(PODS, "web", "default", grace=0)
    world.client.delete(CLAIMS, "data", "default")
    world.cluster.until(lambda: world.client.get(VOLUMES, volume["metadata"]["name"])["status"]["phase"] == "Released")
    assert world.attachments() and not world.driver.calls("DeleteVolume")

    world.client.patch(NODES, "n", {"status": {"volumesInUse": None}}, subresource="status")

    world.cluster.until(lambda: world.is_gone(volume))


def test_a_claim_of_a_class_that_binds_at_once_is_made_by_the_first_node_of_the_driver(world):
    world.claim(storageClassName="now")

    assert "nodeAffinity" not in world.bound()["spec"]
    assert world.driver.calls("CreateVolume")[-1]["accessibility_requirements"] is None


def test_a_driver_without_room_gives_the_claim_back(world):
    world.driver.fail["CreateVolume"] = grpc.StatusCode.RESOURCE_EXHAUSTED, "full"
    world.claim()
    world.choose()

    world.cluster.until(
        lambda: SELECTED not in (world.client.get(CLAIMS, "data", "default")["metadata"].get("annotations") or {})
    )
    text = 'failed to provision volume with StorageClass "csi": rpc error: code = ResourceExhausted desc = full'
    assert world.cluster.until(lambda: world.said("ProvisioningFailed")) == [text]


def test_a_failing_attachment_is_told_and_tried_again(world):
    world.driver.fail["ControllerPublishVolume"] = grpc.StatusCode.INTERNAL, "no slot"
    world.claim()
    world.choose()
    world.bound()
    world.pod()
    assert "no slot" in world.cluster.until(lambda: world.said("FailedAttachVolume"))[0]

    world.driver.fail.clear()

    world.cluster.until(lambda: [one for one in world.attachments() if (one.get("status") or {}).get("attached")])
