"""Each source of a volume: what is set, what it needs, what is refused in which words."""

import pytest

from sampan_storage.sources import default_source, sources_of, volume_source

GOOD = {
    "hostPath": {"path": "/tmp"},
    "gcePersistentDisk": {"pdName": "a"},
    "awsElasticBlockStore": {"volumeID": "a"},
    "glusterfs": {"endpoints": "a", "path": "/"},
    "flocker": {"datasetName": "a"},
    "nfs": {"server": "a", "path": "/a"},
    "rbd": {"monitors": ["a"], "image": "a"},
    "quobyte": {"registry": "a:1,[::1]:2", "volume": "v"},
    "cephfs": {"monitors": ["a"]},
    "iscsi": {"targetPortal": "a", "iqn": "iqn.2015-02.example.com:test", "lun": 1},
    "cinder": {"volumeID": "a", "secretRef": {"name": "a", "namespace": "b"}},
    "fc": {"targetWWNs": ["a"], "lun": 0},
    "flexVolume": {"driver": "a/b"},
    "azureFile": {"secretName": "a", "shareName": "b"},
    "vsphereVolume": {"volumePath": "a"},
    "photonPersistentDisk": {"pdID": "a"},
    "portworxVolume": {"volumeID": "a"},
    "azureDisk": {"diskName": "a", "diskURI": "https://a"},
    "scaleIO": {"gateway": "a", "system": "b", "volumeName": "c"},
    "storageos": {"volumeName": "a"},
    "csi": {"driver": "a.example", "volumeHandle": "h"},
}


def found(volume="v", **spec):
    default_source(spec)
    return [f"{each.path}: {each.message}" for each in volume_source("spec", spec, volume)]


@pytest.mark.parametrize("name", GOOD)
def test_good_sources(name):
    assert found(**{name: dict(GOOD[name])}) == []


@pytest.mark.parametrize(
    "name, lines",
    [
        ("hostPath", ["spec.hostPath.path: Required value"]),
        ("gcePersistentDisk", ["spec.persistentDisk.pdName: Required value"]),
        ("glusterfs", ["spec.glusterfs.endpoints: Required value", "spec.glusterfs.path: Required value"]),
        ("flocker", ["spec.flocker: Required value: one of datasetName and datasetUUID is required"]),
        (
            "nfs",
            [
                "spec.nfs.server: Required value",
                "spec.nfs.path: Required value",
                'spec.nfs.path: Invalid value: "": must be an absolute path',
            ],
        ),
        (
            "quobyte",
            [
                "spec.quobyte.registry: Required value: must be a host:port pair or multiple pairs separated by commas",
                "spec.quobyte.volume: Required value",
            ],
        ),
        ("iscsi", ["spec.iscsi.targetPortal: Required value", "spec.iscsi.iqn: Required value"]),
        ("fc", ["spec.fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both"]),
        ("azureFile", ["spec.azureFile.secretName: Required value", "spec.azureFile.shareName: Required value"]),
        ("storageos", ["spec.storageos.volumeName: Required value"]),
        ("csi", ["spec.csi.driver: Required value", "spec.csi.volumeHandle: Required value"]),
    ],
)
def test_what_a_source_needs(name, lines):
    assert found(**{name: {}}) == lines


@pytest.mark.parametrize(
    "name, fields, line",
    [
        ("hostPath", {"path": "/a/../b"}, "path: Invalid value: \"/a/../b\": must not contain '..'"),
        (
            "gcePersistentDisk",
            {"partition": 256},
            "partition: Invalid value: 256: must be between 1 and 255, inclusive",
        ),
        ("glusterfs", {"endpointsNamespace": ""}, 'endpointsNamespace: Invalid value: "": if the endpointnamespace is'),
        ("flocker", {"datasetName": "a/b"}, "datasetName: Invalid value: \"a/b\": must not contain '/'"),
        ("quobyte", {"registry": "a"}, 'registry: Invalid value: "a": must be a host:port pair'),
        ("iscsi", {"iqn": "odd"}, 'iqn: Invalid value: "odd": must be valid format'),
        ("iscsi", {"lun": 256}, "lun: Invalid value: 256: must be between 0 and 255, inclusive"),
        ("iscsi", {"chapAuthSession": True}, "secretRef: Required value"),
        ("cinder", {"secretRef": {"name": "a"}}, "secretRef.namespace: Required value"),
        ("fc", {"lun": None}, "lun: Required value: lun is required if targetWWNs is specified"),
        ("fc", {"wwids": ["b"]}, 'targetWWNs: Invalid value: ["a"]: targetWWNs and wwids can not be specified'),
        ("flexVolume", {"options": {"a.k8s.io/b": "c"}}, "options[a.k8s.io/b]: Invalid value"),
        ("azureFile", {"secretNamespace": ""}, "secretNamespace: Required value"),
        (
            "azureDisk",
            {"kind": "Managed"},
            'diskURI: Unsupported value: "https://a": supported values: "/subscriptions/',
        ),
        (
            "azureDisk",
            {"cachingMode": "Odd"},
            'cachingMode: Unsupported value: "Odd": supported values: "None", "ReadOn',
        ),
        (
            "csi",
            {"nodePublishSecretRef": {"name": "A!"}},
            'nodePublishSecretRef.name: Invalid value: "A!": a lowercase',
        ),
        ("csi", {"driver": "-"}, 'driver: Invalid value: "-": a lowercase RFC 1123 subdomain'),
    ],
)
def test_what_is_wrong_is_named(name, fields, line):
    told = found(**{name: {**GOOD[name], **fields}})
    spelt = {"gcePersistentDisk": "persistentDisk"}.get(name, name)

    assert [each for each in told if each.startswith(f"spec.{spelt}.{line}")], told


def test_exactly_one_source():
    assert found() == ["spec: Required value: must specify a volume type"]
    assert found(nfs=GOOD["nfs"], hostPath={"path": "/"}) == [
        "spec.nfs: Forbidden: may not specify more than 1 volume type"
    ]
    assert found(cephfs=GOOD["cephfs"], nfs=GOOD["nfs"]) == [
        "spec.cephFS: Forbidden: may not specify more than 1 volume type"
    ]
    assert sources_of({"nfs": None, "csi": {}}) == ["csi"]


def test_a_local_volume_says_on_which_nodes_it_is():
    assert found(local={"path": "/a"}) == ["spec.nodeAffinity: Required value: Local volume requires node affinity"]
    assert found(local={"path": "/a"}, nodeAffinity={}) == []


def test_the_names_of_volume_and_target_are_short_together():
    iscsi = {**GOOD["iscsi"], "initiatorName": "iqn.2015-02.example.com:init"}

    assert found(iscsi=iscsi) == []
    assert found("v" * 64, iscsi=iscsi)[0].startswith('spec.iscsi.targetportal: Invalid value: "a": Total length of')


def test_the_defaults():
    spec = {"rbd": {}, "azureDisk": {"readOnly": True}, "hostPath": {}, "iscsi": {"iscsiInterface": ""}}
    default_source(spec)

    assert spec == {
        "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
        "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": True, "kind": "Shared"},
        "hostPath": {"type": ""},
        "iscsi": {"iscsiInterface": "default"},
    }
