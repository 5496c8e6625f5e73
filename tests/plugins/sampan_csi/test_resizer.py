"""A claim that grows, against a whole API server and a driver over gRPC."""

import grpc

from sampan_machinery.metadata import annotations_of
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS


def grow(world, size="2Gi"):
    patch = {"spec": {"resources": {"requests": {"storage": size}}}}
    world.client.patch(CLAIMS, "data", patch, "default")


def bound(world, **spec):
    world.claim(**spec)
    world.choose()
    return world.bound()


def until_status(world, holds):
    """The claim, once its status is so."""

    def found():
        claim = world.client.get(CLAIMS, "data", "default")
        return holds(claim["status"]) and claim

    return world.cluster.until(found)


def conditions(status):
    return [one["type"] for one in status.get("conditions") or ()]


def test_a_volume_grows_and_the_node_is_left_its_part(world):
    volume = bound(world)
    grow(world)

    claim = until_status(world, lambda status: "FileSystemResizePending" in conditions(status))
    assert claim["status"]["allocatedResourceStatuses"] == {"storage": "NodeResizePending"}
    assert claim["status"]["allocatedResources"] == {"storage": "2Gi"}
    assert claim["status"]["capacity"] == {"storage": "1Gi"}
    assert world.bound()["spec"]["capacity"] == {"storage": "2Gi"}
    (call,) = world.driver.calls("ControllerExpandVolume")
    assert call["volume_id"] == volume["spec"]["csi"]["volumeHandle"]
    assert call["capacity_range"]["required_bytes"] == 2 << 30
    assert world.cluster.until(lambda: world.said("Resizing"))
    assert world.cluster.until(lambda: world.said("FileSystemResizeRequired"))


def test_a_volume_of_which_the_node_need_not_know_has_grown(world):
    world.driver.grows_on_node = False
    bound(world, accessModes=["ReadWriteMany"])
    grow(world)

    claim = until_status(world, lambda status: status["capacity"] == {"storage": "2Gi"})
    assert not conditions(claim["status"]) and "allocatedResourceStatuses" not in claim["status"]
    assert annotations_of(claim)["volume.kubernetes.io/node-expansion-not-required"] == "yes"
    assert world.cluster.until(lambda: world.said("VolumeResizeSuccessful"))


def test_a_driver_that_expands_on_nodes_only_is_not_asked(world):
    world.driver.controller = [1, 2]
    bound(world)
    grow(world)

    until_status(world, lambda status: "FileSystemResizePending" in conditions(status))
    assert not world.driver.calls("ControllerExpandVolume")


def test_a_failure_is_told_and_tried_again(world):
    bound(world)
    world.driver.fail["ControllerExpandVolume"] = grpc.StatusCode.INTERNAL, "busy"
    grow(world)
    until_status(world, lambda status: "ControllerResizeError" in conditions(status))
    assert "busy" in world.cluster.until(lambda: world.said("VolumeResizeFailed"))[0]

    world.driver.fail.clear()

    until_status(world, lambda status: conditions(status) == ["FileSystemResizePending"])


def test_a_size_that_cannot_be_is_given_up_until_the_claim_asks_for_another(world):
    bound(world)
    world.driver.fail["ControllerExpandVolume"] = grpc.StatusCode.OUT_OF_RANGE, "too large"
    grow(world, "9Ti")
    state = "ControllerResizeInfeasible"
    until_status(world, lambda status: status.get("allocatedResourceStatuses") == {"storage": state})
    assert len(world.driver.calls("ControllerExpandVolume")) == 1

    world.driver.fail.clear()
    grow(world, "3Gi")

    claim = until_status(world, lambda status: conditions(status) == ["FileSystemResizePending"])
    assert claim["status"]["allocatedResources"] == {"storage": "3Gi"}


def test_a_driver_that_expands_nothing_says_so(world):
    world.driver.controller, world.driver.node = [1, 2], [1]
    bound(world)
    grow(world)

    text = 'resize volume "pvc-'
    assert world.cluster.until(lambda: world.said("VolumeResizeFailed"))[0].startswith(text)
