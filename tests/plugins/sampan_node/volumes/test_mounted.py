import pytest

from sampan_node.pod.environment import ConfigProblem
from sampan_node.volumes.claims import MountProblem
from sampan_node.volumes.expansion import Expansions
from sampan_node.volumes.mounted import PluginVolumes
from sampan_node.volumes.volumes import Volumes, may_be_mounted
from sampan_volumes.contracts import MountedVolume, VolumeFailure


class Mounter:
    kind = "csi"

    def __init__(self):
        self.calls, self.failure = [], None

    def mount(self, use, folder):
        folder.mkdir(parents=True, exist_ok=True)
        return MountedVolume(folder)

    def unmount(self, folder):
        self.calls.append(("unmount", folder.name))

    def refresh(self, use, folder):
        if self.failure is not None:
            raise self.failure
        self.calls.append(("refresh", folder.name, use.volume is not None, use.source["driver"]))

    def expand(self, use, folder, size):
        self.calls.append(("expand", folder.name, size))


POD = {
    "metadata": {"name": "web", "namespace": "ns", "uid": "u"},
    "spec": {"volumes": [
        {"name": "data", "persistentVolumeClaim": {"claimName": "mine"}}, {"name": "own", "csi": {"driver": "d"}},
        {"name": "tmp", "emptyDir": {}},
    ]},
}  # fmt: skip
CLAIM = {
    "metadata": {"name": "mine", "namespace": "ns", "uid": "1"},
    "spec": {"volumeName": "pv", "resources": {"requests": {"storage": "2Gi"}}},
    "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}},
}
VOLUME = {
    "metadata": {"name": "pv"},
    "spec": {"csi": {"driver": "d", "volumeHandle": "h"}, "capacity": {"storage": "2Gi"}, "claimRef": {"uid": "1"}},
}


class Api:
    def patch(self, resource, name, patch, namespace, *, subresource):
        return None


@pytest.fixture
def mounter():
    return Mounter()


@pytest.fixture
def state():
    return {"storage": None}


@pytest.fixture
def volumes(tmp_path, mounter, state):
    def lookup(kind, name):
        claim = {**CLAIM, "status": {**CLAIM["status"], "allocatedResourceStatuses": dict(state)}}
        return {"PersistentVolumeClaim": claim, "PersistentVolume": VOLUME}.get(kind)

    expansions = Expansions(Api(), lambda *told: None, lambda: 0.0)
    return Volumes(
        tmp_path, lookup, lambda pod, projection: "", {}, mounters={"csi": mounter}, expansions=expansions
    )  # fmt: skip


def test_what_plugins_have_mounted_is_followed_while_the_pod_runs(volumes, mounter, state):
    volumes.set_up(POD)
    volumes.follow(POD)
    assert mounter.calls == [("refresh", "data", True, "d"), ("refresh", "own", False, "d")]

    state["storage"] = "NodeResizePending"
    volumes.follow(POD)

    assert ("expand", "data", 2 << 30) in mounter.calls


def test_a_volume_grows_before_the_container_starts(volumes, mounter, state):
    state["storage"] = "NodeResizePending"

    volumes.set_up(POD)

    assert mounter.calls == [("expand", "data", 2 << 30)]


def test_a_refusal_while_the_pod_runs_names_the_volume(volumes, mounter):
    volumes.set_up(POD)
    mounter.failure = VolumeFailure("expired")

    with pytest.raises(MountProblem, match=r'MountVolume\.SetUp failed for volume "data" : expired'):
        volumes.follow(POD)


def test_a_type_that_no_plugin_mounts_is_told(tmp_path, mounter):
    plugins = PluginVolumes(tmp_path, {"csi": mounter}, None)

    assert not plugins.are_here() and not plugins.is_here("own")
    with pytest.raises(ConfigProblem, match="volumes of type nfs are not known"):
        plugins.mount(POD, "own", "nfs", {}, None, False)


def test_only_pods_with_such_volumes_are_looked_at():
    plain = {"spec": {"volumes": [{"name": "tmp", "emptyDir": {}}]}}

    assert may_be_mounted(POD, ["csi"]) and not may_be_mounted(POD, [])
    assert not may_be_mounted(plain, ["csi"]) and not may_be_mounted({"spec": {}}, ["csi"])


def test_all_of_them_are_unmounted(volumes, mounter):
    volumes.set_up(POD)

    volumes.remove()

    assert mounter.calls == [("unmount", "data"), ("unmount", "own")]
