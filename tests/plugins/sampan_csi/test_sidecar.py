"""The side-cars' part against a whole API server and a driver over gRPC."""

import threading
from types import SimpleNamespace

import csidriver
import grpc
import pytest

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan.errors import NotFound
from sampan_csi import component
from sampan_csi.plugin import USER
from sampan_machinery.resources import CSI_NODES, EVENTS, NODES, PODS, STORAGE_CLASSES, VOLUME_ATTACHMENTS
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_testing.cluster import start

SELECTED = "volume.kubernetes.io/selected-node"


class World:
    def __init__(self, cluster, driver):
        self.cluster, self.client, self.driver = cluster, cluster.client, driver

    def claim(self, **spec):
        wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        claim = {"metadata": {"name": "data"}, "spec": {**wanted, "storageClassName": "csi", **spec}}
        self.client.create(CLAIMS, claim, "default")

    def choose(self, node="n"):
        self.client.patch(CLAIMS, "data", {"metadata": {"annotations": {SELECTED: node}}}, "default")

    def bound(self):
        def found():
            claim = self.client.get(CLAIMS, "data", "default")
            return claim["status"].get("phase") == "Bound" and claim

        return self.client.get(VOLUMES, self.cluster.until(found)["spec"]["volumeName"])

    def pod(self):
        volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
        spec = {"nodeName": "n", "containers": [{"name": "c", "image": "i"}], "volumes": volumes}
        self.client.create(PODS, {"metadata": {"name": "web"}, "spec": spec}, "default")

    def attachments(self):
        return self.client.list(VOLUME_ATTACHMENTS).items

    def said(self, reason):
        return [one["message"] for one in self.client.list(EVENTS, "default").items if one["reason"] == reason]

    def is_gone(self, volume):
        try:
            self.client.get(VOLUMES, volume["metadata"]["name"])
        except NotFound:
            return True
        return False


@pytest.fixture
def world(tmp_path):
    driver = csidriver.Driver("d.test", tmp_path / "registry", tmp_path / "data")
    driver.start()
    with start(only=("namespaces", "pods", "nodes", "events", "storage", "rbac", "csi")) as cluster:
        cluster.client.create(NODES, {"metadata": {"name": "n", "labels": {"zone": "z"}}})
        drivers = [{"name": "d.test", "nodeID": "node-of-driver", "topologyKeys": ["zone"]}]
        cluster.client.create(CSI_NODES, {"metadata": {"name": "n"}, "spec": {"drivers": drivers}})
        for name, mode in (("csi", "WaitForFirstConsumer"), ("now", "Immediate")):
            made = {"metadata": {"name": name}, "provisioner": "d.test", "volumeBindingMode": mode}
            cluster.client.create(STORAGE_CLASSES, {**made, "parameters": {"tier": "gold"}})
        settings = SimpleNamespace(registry=str(tmp_path / "registry"), sidecar_of=("d.test",))
        running = Running(
            client=cluster.client_as(USER), settings=settings, home=str(tmp_path / "home"), stop=threading.Event(),
            options=ClusterOptions(node_name="n"), ready=lambda text: None,
        )  # fmt: skip
        thread = threading.Thread(target=component.run, args=(running,))
        thread.start()
        yield World(cluster, driver)
        running.stop.set()
        thread.join()
    driver.stop()


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
