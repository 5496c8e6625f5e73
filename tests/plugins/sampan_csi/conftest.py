from __future__ import annotations

import contextlib
import threading
from types import SimpleNamespace

import csidriver
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


class Api:
    """get, create, update and merge-patch of objects in memory."""

    def __init__(self):
        self.objects = {(NODES, "n"): {"metadata": {"name": "n", "uid": "u", "labels": {}}}}
        self.asked = []  # requests for tokens

    def get(self, resource, name, namespace=""):
        if (resource, name) not in self.objects:
            raise NotFound(name)
        return self.objects[resource, name]

    def create(self, resource, obj, namespace="", *, subresource="", name=""):
        if subresource == "token":
            self.asked.append(obj)
            audience = "".join(obj["spec"]["audiences"])
            return {"status": {"token": f"token-for-{audience}", "expirationTimestamp": "2999-01-01T00:00:00Z"}}
        self.objects[resource, obj["metadata"]["name"]] = obj
        return obj

    def update(self, resource, obj):
        return self.create(resource, obj)

    def patch(self, resource, name, patch, namespace="", *, subresource=""):
        if subresource == "status":
            self.objects[resource, name].setdefault("status", {}).update(patch["status"])
            return
        self.objects[resource, name]["metadata"]["labels"] |= patch["metadata"]["labels"]

    def drivers(self):
        return {one["name"]: one for one in self.objects.get((CSI_NODES, "n"), {"spec": {}})["spec"].get("drivers", ())}


@pytest.fixture
def api():
    return Api()


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
    with running_world(tmp_path, snapshots=False) as found:
        yield found


@pytest.fixture
def snapshot_world(tmp_path):
    with running_world(tmp_path, snapshots=True) as found:
        yield found


@contextlib.contextmanager
def running_world(tmp_path, *, snapshots):
    driver = csidriver.Driver("d.test", tmp_path / "registry", tmp_path / "data")
    driver.start()
    plugins = ("namespaces", "pods", "nodes", "events", "storage", "rbac", "csi", *(["crds"] if snapshots else []))
    with start(only=plugins, settings={"csi": {"snapshots": snapshots}}) as cluster:
        cluster.client.create(NODES, {"metadata": {"name": "n", "labels": {"zone": "z"}}})
        drivers = [{"name": "d.test", "nodeID": "node-of-driver", "topologyKeys": ["zone"]}]
        cluster.client.create(CSI_NODES, {"metadata": {"name": "n"}, "spec": {"drivers": drivers}})
        for name, mode in (("csi", "WaitForFirstConsumer"), ("now", "Immediate")):
            made = {"metadata": {"name": name}, "provisioner": "d.test", "volumeBindingMode": mode,
                    "allowVolumeExpansion": True}  # fmt: skip
            cluster.client.create(STORAGE_CLASSES, {**made, "parameters": {"tier": "gold"}})
        settings = SimpleNamespace(registry=str(tmp_path / "registry"), sidecar_of=("d.test",), snapshots=snapshots)
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
