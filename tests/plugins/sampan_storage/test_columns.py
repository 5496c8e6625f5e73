"""The tables that kubectl shows."""

from sampan_machinery.tables import to_table
from sampan_storage import columns

META = {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}
NOW = 1767225600 + 60


def cells(shown, obj):
    table = to_table(shown, [{"metadata": META, **obj}], now=NOW)
    names = [each["name"] for each in table["columnDefinitions"]]
    return dict(zip(names, table["rows"][0]["cells"], strict=True))


def test_a_bound_volume():
    spec = {
        "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce", "ReadWriteMany"],
        "persistentVolumeReclaimPolicy": "Retain", "claimRef": {"namespace": "default", "name": "data"},
        "storageClassName": "fast", "volumeMode": "Block",
    }  # fmt: skip

    assert cells(columns.VOLUME, {"spec": spec, "status": {"phase": "Bound", "reason": "r"}}) == {
        "Name": "a", "Capacity": "1Gi", "Access Modes": "RWO,RWX", "Reclaim Policy": "Retain", "Status": "Bound",
        "Claim": "default/data", "StorageClass": "fast", "VolumeAttributesClass": "<unset>", "Reason": "r",
        "Age": "60s", "VolumeMode": "Block",
    }  # fmt: skip


def test_a_volume_that_goes():
    shown = cells(columns.VOLUME, {"metadata": {**META, "deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": {}})

    assert (shown["Status"], shown["Claim"], shown["Capacity"]) == ("Terminating", "", "0")


def test_a_claim_shows_its_size_when_it_has_a_volume():
    status = {"phase": "Bound", "capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteOncePod"]}
    bound = cells(columns.CLAIM, {"spec": {"volumeName": "v", "storageClassName": "fast"}, "status": status})
    pending = cells(columns.CLAIM, {"spec": {}, "status": {"phase": "Pending"}})

    assert [*bound.values()] == ["a", "Bound", "v", "2Gi", "RWOP", "fast", "<unset>", "60s", "<unset>"]
    assert [*pending.values()] == ["a", "Pending", "", "", "", "", "<unset>", "60s", "<unset>"]


def test_classes():
    marked = {**META, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    shown = cells(columns.STORAGE_CLASS, {"metadata": marked, "provisioner": "p", "reclaimPolicy": "Retain"})

    assert [*shown.values()] == ["a (default)", "p", "Retain", "Immediate", False, "60s"]
    assert cells(columns.ATTRIBUTES_CLASS, {"driverName": "d"}) == {"Name": "a", "DriverName": "d", "Age": "60s"}


def test_what_drivers_say():
    spec = {
        "tokenRequests": [{"audience": "a"}, {"audience": "b"}],
        "volumeLifecycleModes": ["Persistent", "Ephemeral"],
    }

    assert [*cells(columns.DRIVER, {"spec": spec}).values()] == [
        "a", True, False, False, "a,b", False, "Persistent,Ephemeral", "60s"
    ]  # fmt: skip
    assert cells(columns.DRIVER, {"spec": {}})["TokenRequests"] == "<unset>"
    assert cells(columns.NODE, {"spec": {"drivers": [{}, {}]}})["Drivers"] == 2
    assert [*cells(columns.CAPACITY, {"storageClassName": "s"})] == ["Name", "Created At"]


def test_an_attachment():
    spec = {"attacher": "d", "nodeName": "n", "source": {"persistentVolumeName": "v"}}

    assert [*cells(columns.ATTACHMENT, {"spec": spec}).values()] == ["a", "d", "v", "n", False, "60s"]
