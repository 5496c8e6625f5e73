"""Volumes: one source each, in upstream's order, and what each source needs."""

from __future__ import annotations

import pytest

from sampan_podspec.validation.volumes import all_volumes

ONLY_ONE = "may not specify more than 1 volume type"


def found(*volumes):
    return [f"{problem.path}: {problem.message}" for problem in all_volumes("v", list(volumes))]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"gitRepo": {}}, ["v[0].gitRepo.repository: Required value"]),
        ({"gcePersistentDisk": {"partition": 300}},
         ["v[0].persistentDisk.pdName: Required value",
          "v[0].persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive"]),
        ({"awsElasticBlockStore": {}}, ["v[0].awsElasticBlockStore.volumeID: Required value"]),
        ({"nfs": {"server": "s"}},
         ["v[0].nfs.path: Required value", 'v[0].nfs.path: Invalid value: "": must be an absolute path']),
        ({"iscsi": {"targetPortal": "p", "iqn": "iqn.2001-04.com.example:disk", "chapAuthSession": True}},
         ["v[0].iscsi.secretRef: Required value"]),
        ({"glusterfs": {}}, ["v[0].glusterfs.endpoints: Required value", "v[0].glusterfs.path: Required value"]),
        ({"flocker": {}}, ["v[0].flocker: Required value: one of datasetName and datasetUUID is required"]),
        ({"rbd": {}}, ["v[0].rbd.monitors: Required value", "v[0].rbd.image: Required value"]),
        ({"cinder": {"volumeID": "v", "secretRef": {}}}, ["v[0].cinder.secretRef.name: Required value"]),
        ({"cephfs": {}}, ["v[0].cephfs.monitors: Required value"]),
        ({"quobyte": {"registry": "a:1"}}, ["v[0].quobyte.volume: Required value"]),
        ({"fc": {}}, ["v[0].fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both"]),
        ({"flexVolume": {}}, ["v[0].flexVolume.driver: Required value"]),
        ({"azureFile": {"secretName": "s"}}, ["v[0].azureFile.shareName: Required value"]),
        ({"vsphereVolume": {}}, ["v[0].vsphereVolume.volumePath: Required value"]),
        ({"photonPersistentDisk": {}}, ["v[0].photonPersistentDisk.pdID: Required value"]),
        ({"portworxVolume": {}}, ["v[0].portworxVolume.volumeID: Required value"]),
        ({"azureDisk": {"diskName": "d"}}, ["v[0].azureDisk.diskURI: Required value"]),
        ({"storageos": {}}, ["v[0].storageos.volumeName: Required value"]),
        ({"scaleIO": {"gateway": "g", "system": "s"}}, ["v[0].scaleIO.volumeName: Required value"]),
        ({"csi": {"driver": "d", "nodePublishSecretRef": {}}}, ["v[0].csi.nodePublishSecretRef.name: Required value"]),
        ({"emptyDir": {}}, []),
    ],
)  # fmt: skip
def test_what_a_source_needs(source, said):
    assert found({"name": "a", **source}) == said


def test_a_volume_has_one_source():
    assert found({"name": "a"}) == ["v[0]: Required value: must specify a volume type"]
    two = {"name": "a", "cephfs": {"monitors": ["m"]}, "emptyDir": {}, "downwardAPI": {}}
    assert found(two) == [f"v[0].cephFS: Forbidden: {ONLY_ONE}", f"v[0].downwarAPI: Forbidden: {ONLY_ONE}"]


def test_what_is_wrong_with_a_source_comes_before_the_name():
    assert found({"persistentVolumeClaim": {}}) == [
        "v[0].persistentVolumeClaim.claimName: Required value",
        "v[0].name: Required value",
    ]


def test_only_the_name_of_a_valid_volume_is_taken():
    good, bad = {"name": "a", "emptyDir": {}}, {"name": "a"}

    assert found(good, good) == ['v[1].name: Duplicate value: "a"']
    assert found(bad, good) == ["v[0]: Required value: must specify a volume type"]
