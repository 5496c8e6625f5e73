import pytest

from sampan.errors import NotFound
from sampan_csi import sources
from sampan_csi.snapshots.naming import CONTENTS, SNAPSHOTS
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_volumes.contracts import VolumeFailure

CAN = {5, 7}
OF_SNAPSHOT = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "now"}
OF_CLAIM = {"kind": "PersistentVolumeClaim", "name": "data"}


class Api:
    def __init__(self):
        status = {"boundVolumeSnapshotContentName": "c", "readyToUse": True}
        self.snapshot = {"metadata": {"name": "now", "uid": "s"}, "status": status}
        self.content = {
            "spec": {"driver": "d", "volumeSnapshotRef": {"uid": "s"}, "sourceVolumeMode": "Filesystem"},
            "status": {"snapshotHandle": "handle", "restoreSize": 1 << 30},
        }  # fmt: skip
        self.claim = {"metadata": {}, "spec": {"volumeName": "pv"}, "status": {"phase": "Bound"}}
        self.volume = {"spec": {"csi": {"driver": "d", "volumeHandle": "h"}, "capacity": {"storage": "1Gi"}}}

    def get(self, resource, name, namespace=""):
        found = {SNAPSHOTS: self.snapshot, CONTENTS: self.content, CLAIMS: self.claim, VOLUMES: self.volume}[resource]
        if found is None:
            raise NotFound(name)
        return found


@pytest.fixture
def api():
    return Api()


def claim(source, size="1Gi", mode="Filesystem"):
    spec = {"dataSource": source, "resources": {"requests": {"storage": size}}, "volumeMode": mode}
    return {"metadata": {"namespace": "ns"}, "spec": spec}


def test_a_volume_is_empty_or_has_what_its_source_has(api):
    assert sources.content(claim(None), "d", CAN, api) is None
    assert sources.content(claim(OF_SNAPSHOT), "d", CAN, api) == {"snapshot": {"snapshot_id": "handle"}}
    assert sources.content(claim(OF_CLAIM), "d", CAN, api) == {"volume": {"volume_id": "h"}}


def refusal(api, source, **more):
    with pytest.raises(VolumeFailure) as raised:
        sources.content(claim(source, **more), "d", CAN, api)
    return str(raised.value)


def test_a_snapshot_has_to_be_ready_of_this_driver_and_small_enough(api):
    assert refusal(api, OF_SNAPSHOT, size="512Mi") == "the claim asks for 512Mi, and snapshot now has 1073741824"
    assert "volumeMode Filesystem" in refusal(api, OF_SNAPSHOT, mode="Block")
    api.content["spec"]["driver"] = "x"
    assert refusal(api, OF_SNAPSHOT) == "snapshot now is of driver x, not of d"
    api.content["spec"]["volumeSnapshotRef"]["uid"] = "other"
    assert refusal(api, OF_SNAPSHOT) == "snapshot now is not bound to content c"
    api.snapshot["status"]["readyToUse"] = False
    assert refusal(api, OF_SNAPSHOT) == "snapshot now is not ready"
    api.snapshot["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert refusal(api, OF_SNAPSHOT) == "snapshot now is being deleted"
    api.snapshot = None
    assert refusal(api, OF_SNAPSHOT) == "VolumeSnapshot now does not exist"


def test_a_claim_has_to_be_bound_to_a_volume_of_this_driver(api):
    assert refusal(api, OF_CLAIM, size="512Mi") == "the claim asks for 512Mi, and claim data has 1Gi"
    assert refusal(api, OF_CLAIM, mode="Block") == "claim data has another volumeMode"
    api.volume["spec"] = {"local": {}}
    assert refusal(api, OF_CLAIM) == "claim data has no volume of driver d"
    api.claim["status"]["phase"] = "Pending"
    assert refusal(api, OF_CLAIM) == "claim data is not bound"


@pytest.mark.parametrize(("source", "why"), [(OF_SNAPSHOT, "makes no snapshots"), (OF_CLAIM, "does not clone volumes")])
def test_a_driver_that_cannot_says_so(api, source, why):
    with pytest.raises(VolumeFailure, match=f"driver d {why}"):
        sources.content(claim(source), "d", set(), api)


def test_a_source_elsewhere_is_refused_and_one_of_another_kind_left_to_its_populator(api):
    away = claim(None)
    away["spec"]["dataSourceRef"] = {**OF_SNAPSHOT, "namespace": "other"}
    with pytest.raises(VolumeFailure, match="other namespaces"):
        sources.content(away, "d", CAN, api)

    assert sources.is_for_others(claim({"apiGroup": "x.example", "kind": "Backup", "name": "b"}))
    assert not any(sources.is_for_others(claim(one)) for one in (None, OF_CLAIM, OF_SNAPSHOT))
