import pytest

from sampan_node.volumes.measuring import Measuring, as_stats, of_directory
from sampan_volumes.contracts import VolumeFailure, VolumeUsage


class Mounter:
    kind = "csi"

    def __init__(self):
        self.asked, self.failure = 0, None

    def usage(self, folder):
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return VolumeUsage(1000, 400, 600)


POD = {
    "metadata": {"name": "web", "namespace": "ns", "uid": "u"},
    "spec": {"volumes": [
        {"name": "data", "persistentVolumeClaim": {"claimName": "mine"}}, {"name": "tmp", "emptyDir": {}},
        {"name": "other", "configMap": {"name": "c"}},
    ]},
}  # fmt: skip


@pytest.fixture
def mounter():
    return Mounter()


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def measuring(tmp_path, mounter, now):
    for kind, name in (("csi", "data"), ("emptyDir", "tmp")):
        (tmp_path / "u" / "volumes" / kind / name).mkdir(parents=True)
    return Measuring({"csi": mounter}, tmp_path, lambda: now[0])


def test_volumes_are_measured_by_who_knows_them(measuring, tmp_path):
    place = tmp_path / "u" / "volumes" / "emptyDir" / "tmp"
    (place / "file").write_bytes(b"x" * 8192)

    data, tmp = measuring.of_pods([POD])["u"]

    assert as_stats(data, "ns", "now") == {
        "name": "data", "time": "now", "capacityBytes": 1000, "usedBytes": 400, "availableBytes": 600,
        "pvcRef": {"name": "mine", "namespace": "ns"},
    }  # fmt: skip
    assert tmp.name == "tmp" and tmp.claim == "" and tmp.usage.used >= 8192 and tmp.usage.inodes_free


def test_a_pod_is_measured_once_a_minute(measuring, mounter, now):
    measuring.of_pods([POD])
    now[0] = 59.0
    measuring.of_pods([POD])
    assert mounter.asked == 1

    now[0] = 60.0
    measuring.of_pods([POD])
    assert mounter.asked == 2


def test_a_volume_that_cannot_be_measured_is_left_out(measuring, mounter):
    mounter.failure = VolumeFailure("gone")

    assert [one.name for one in measuring.of_pods([POD])["u"]] == ["tmp"]


def test_a_directory_has_what_its_file_system_has(tmp_path):
    usage = of_directory(tmp_path)

    assert usage.capacity >= usage.available and usage.inodes >= usage.inodes_free
