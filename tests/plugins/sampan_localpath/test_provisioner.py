"""The component against a whole API server: claims, volumes and directories."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan.errors import NotFound
from sampan_localpath import component
from sampan_localpath.plugin import USER
from sampan_machinery.resources import EVENTS, NODES, STORAGE_CLASSES
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_testing.cluster import start
from sampan_volumes.provisioning import FINALIZER


class Node:
    def __init__(self, cluster, root, name):
        self.cluster, self.client, self.root = cluster, cluster.client, root / name
        self.running = Running(
            client=cluster.client_as(USER), settings=SimpleNamespace(directory=str(self.root)), home=str(root),
            stop=threading.Event(), options=ClusterOptions(node_name=name), ready=lambda text: None,
        )  # fmt: skip
        self.thread = threading.Thread(target=component.run, args=(self.running,))
        self.thread.start()

    def stop(self):
        self.running.stop.set()
        self.thread.join()

    def claim(self, name="data", **spec):
        wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
        return self.client.create(CLAIMS, {"metadata": {"name": name}, "spec": wanted}, "default")

    def choose(self, node, name="data"):
        """As the scheduler does it."""
        marks = {"volume.kubernetes.io/selected-node": node}
        self.client.patch(CLAIMS, name, {"metadata": {"annotations": marks}}, "default")

    def bound(self, name="data"):
        """The claim and its volume, once both say so."""

        def found():
            claim = self.client.get(CLAIMS, name, "default")
            return claim["status"].get("phase") == "Bound" and claim

        claim = self.cluster.until(found)
        return claim, self.client.get(VOLUMES, claim["spec"]["volumeName"])

    def reasons(self):
        return [event["reason"] for event in self.client.list(EVENTS, "default").items]

    def is_gone(self, volume):
        try:
            self.client.get(VOLUMES, volume["metadata"]["name"])
        except NotFound:
            return True
        return False


@pytest.fixture
def cluster():
    only = ("namespaces", "pods", "events", "storage", "rbac", "localpath", "nodes")
    with start(only=only) as found:
        yield found


@pytest.fixture
def node(cluster, tmp_path):
    found = Node(cluster, tmp_path, "a")
    yield found
    found.stop()


def test_a_claim_gets_a_directory_once_its_node_is_chosen(node):
    node.claim()
    node.cluster.until(lambda: "WaitForFirstConsumer" in node.reasons())
    assert not node.root.exists()

    node.choose("a")

    claim, volume = node.bound()
    path = Path(volume["spec"]["local"]["path"])
    assert path.is_dir() and path.parent == node.root
    assert claim["spec"]["storageClassName"] == "local-path"
    node.cluster.until(lambda: {"Provisioning", "ProvisioningSucceeded"} <= set(node.reasons()))


def test_a_deleted_claim_takes_its_directory_along(node):
    node.claim()
    node.choose("a")
    _, volume = node.bound()
    path = Path(volume["spec"]["local"]["path"])
    (path / "file").write_text("x")

    node.client.delete(CLAIMS, "data", "default")

    node.cluster.until(lambda: node.is_gone(volume))
    assert not path.exists()


def test_a_retained_volume_keeps_its_directory(node):
    node.claim()
    node.choose("a")
    _, volume = node.bound()
    name, path = volume["metadata"]["name"], Path(volume["spec"]["local"]["path"])
    node.client.patch(VOLUMES, name, {"spec": {"persistentVolumeReclaimPolicy": "Retain"}})

    node.client.delete(CLAIMS, "data", "default")
    node.cluster.until(lambda: node.client.get(VOLUMES, name)["status"]["phase"] == "Released")
    assert FINALIZER in node.client.get(VOLUMES, name)["metadata"]["finalizers"]
    node.client.delete(VOLUMES, name)

    node.cluster.until(lambda: node.is_gone(volume))
    assert path.is_dir()


def test_a_claim_grows(node):
    node.claim()
    node.choose("a")
    node.bound()

    node.client.patch(CLAIMS, "data", {"spec": {"resources": {"requests": {"storage": "3Gi"}}}}, "default")

    def told():
        claim, volume = node.bound()
        return claim["status"]["capacity"]["storage"] == volume["spec"]["capacity"]["storage"] == "3Gi"

    node.cluster.until(told)
    node.cluster.until(lambda: "VolumeResizeSuccessful" in node.reasons())


def test_what_cannot_be_made_is_told_at_the_claim(node):
    node.claim(volumeMode="Block")
    node.choose("a")

    node.cluster.until(lambda: "ProvisioningFailed" in node.reasons())

    (event,) = (one for one in node.client.list(EVENTS, "default").items if one["reason"] == "ProvisioningFailed")
    assert event["message"] == (
        'failed to provision volume with StorageClass "local-path": a directory has volumeMode Filesystem, not Block'
    )


def test_a_node_that_cannot_make_directories_gives_the_claim_back(node):
    node.root.write_text("no directory")
    node.claim()
    node.choose("a")

    def given_back():
        annotations = node.client.get(CLAIMS, "data", "default")["metadata"]["annotations"]
        return "volume.kubernetes.io/selected-node" not in annotations

    node.cluster.until(given_back)
    assert node.client.list(VOLUMES).items == []


def test_each_node_makes_its_own(node, cluster, tmp_path):
    other = Node(cluster, tmp_path, "b")
    try:
        node.claim()
        node.choose("b")

        _, volume = node.bound()

        assert Path(volume["spec"]["local"]["path"]).parent == other.root
        assert not node.root.exists()
    finally:
        other.stop()


def test_of_a_class_that_binds_at_once_the_first_ready_node_makes_the_volume(node, cluster, tmp_path):
    cluster.add_node("b")
    cluster.add_node("a")
    other = Node(cluster, tmp_path, "b")
    try:
        at_once = {"metadata": {"name": "now"}, "provisioner": "sampan.dev/local-path"}
        node.client.create(STORAGE_CLASSES, at_once)
        node.claim(storageClassName="now")

        _, volume = node.bound()

        assert Path(volume["spec"]["local"]["path"]).parent == node.root
        assert not other.root.exists()
        assert {one["metadata"]["name"] for one in node.client.list(NODES).items} == {"a", "b"}
    finally:
        other.stop()


def test_a_restart_goes_on_where_it_was(node, cluster, tmp_path):
    node.claim()
    node.stop()
    node.choose("a")
    again = Node(cluster, tmp_path, "a")
    try:
        _, volume = again.bound()
        assert Path(volume["spec"]["local"]["path"]).is_dir()
    finally:
        again.stop()
