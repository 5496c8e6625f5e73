import pytest

from sampan.contracts.kinds import Draft
from sampan_machinery.metadata import copy
from sampan_storage.kinds import VOLUME
from sampan_storage.volumes import difference, prepare, volume_spec

SPEC = {
    "accessModes": ["ReadWriteOnce"],
    "capacity": {"storage": "1Gi"},
    "csi": {"driver": "a.example", "volumeHandle": "h"},
}
ZONE, OLD_ZONE = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"


def volume(**spec):
    return {"spec": {**copy(SPEC), **spec}}


def affinity(key):
    term = {"matchExpressions": [{"key": key, "operator": "In", "values": ["a"]}]}
    return {"required": {"nodeSelectorTerms": [term]}}


def test_a_good_volume_gets_its_defaults(problems_of):
    good = volume()

    assert problems_of(VOLUME, good) == []
    assert good["status"]["phase"] == "Pending"
    assert (good["spec"]["persistentVolumeReclaimPolicy"], good["spec"]["volumeMode"]) == ("Retain", "Filesystem")


@pytest.mark.parametrize(
    "spec, lines",
    [
        ({"accessModes": []}, ["spec.accessModes: Required value"]),
        (
            {"capacity": {}},
            [
                "spec.capacity: Required value",
                'spec.capacity: Unsupported value: null: supported values: "storage"',
            ],
        ),
        ({"capacity": {"storage": "0"}}, ['spec.capacity[storage]: Invalid value: "0": must be greater than zero']),
        (
            {"persistentVolumeReclaimPolicy": "Odd"},
            [
                'spec.persistentVolumeReclaimPolicy: Unsupported value: "Odd": supported values: '
                '"Delete", "Recycle", "Retain"'
            ],
        ),
        (
            {"nodeAffinity": {}},
            ["spec.nodeAffinity.required: Required value: must specify required node constraints"],
        ),
        (
            {"nodeAffinity": {"required": {"nodeSelectorTerms": []}}},
            ["spec.nodeAffinity.required.nodeSelectorTerms: Required value: must have at least one node selector term"],
        ),
        (
            {"csi": None, "hostPath": {"path": "//"}, "persistentVolumeReclaimPolicy": "Recycle"},
            [
                "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
            ],
        ),
        (
            {"volumeAttributesClassName": ""},
            ["spec.volumeAttributesClassName: Required value: an empty string is disallowed"],
        ),
        (
            {"csi": None, "nfs": {"server": "a", "path": "/"}, "volumeAttributesClassName": "a"},
            ["spec.csi: Required value: has to be specified when using volumeAttributesClassName"],
        ),
    ],
)
def test_what_is_wrong_is_named(problems_of, spec, lines):
    assert problems_of(VOLUME, volume(**spec)) == lines


def test_mount_options_by_annotation_only_where_volumes_are_mounted(problems_of):
    annotated = {**volume(), "metadata": {"annotations": {"volume.beta.kubernetes.io/mount-options": "ro"}}}
    path = "metadata.annotations.volume.beta.kubernetes.io/mount-options"

    assert problems_of(VOLUME, annotated) == [f"{path}: Forbidden: may not specify mount options for this volume type"]
    annotated["spec"]["nfs"] = {"server": "a", "path": "/"}
    del annotated["spec"]["csi"]
    assert problems_of(VOLUME, annotated) == []


def test_the_source_never_changes(problems_of):
    [line] = problems_of(VOLUME, volume(csi={"driver": "a.example", "volumeHandle": "other"}), volume())

    assert line.startswith(
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creat"
    )
    assert '-    "volumeHandle": "h"\n+    "volumeHandle": "other"' in line


def test_the_secret_for_expansion_may_be_set_once(problems_of):
    with_secret = {**SPEC["csi"], "controllerExpandSecretRef": {"name": "a", "namespace": "b"}}
    other = {**SPEC["csi"], "controllerExpandSecretRef": {"name": "b", "namespace": "b"}}

    assert problems_of(VOLUME, volume(csi=with_secret), volume()) == []
    assert len(problems_of(VOLUME, volume(csi=other), volume(csi=with_secret))) == 1


def test_mode_affinity_and_class_of_attributes_do_not_change(problems_of):
    lines = problems_of(VOLUME, volume(volumeMode="Block"), volume())
    assert lines == ['volumeMode: Invalid value: "Block": field is immutable']

    assert problems_of(VOLUME, volume(nodeAffinity=affinity("a")), volume()) == []
    [line] = problems_of(VOLUME, volume(nodeAffinity=affinity("b")), volume(nodeAffinity=affinity("a")))
    assert line.endswith("field is immutable, except for updating from beta label to GA")
    assert problems_of(VOLUME, volume(nodeAffinity=affinity(ZONE)), volume(nodeAffinity=affinity(OLD_ZONE))) == []

    assert problems_of(VOLUME, volume(), volume(volumeAttributesClassName="a")) == [
        "spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden"
    ]


def test_what_an_inline_volume_may_say():
    spec = {**SPEC, "claimRef": {"name": "a"}, "storageClassName": "a", "volumeMode": "Block"}
    lines = [f"{each.path}: {each.message}" for each in volume_spec("s", spec, "", inline=True)]

    assert lines == [
        "s.claimRef: Forbidden: may not be specified in the context of inline volumes",
        "s.capacity: Forbidden: may not be specified in the context of inline volumes",
        "s.storageClassName: Forbidden: may not be specified in the context of inline volumes",
        "s.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes",
    ]


def test_a_new_volume_is_pending_since_now():
    new = {"metadata": {}, "status": {"phase": "Bound", "reason": "x"}}
    prepare(Draft(new, None, "", "me"))

    assert new["status"].keys() == {"phase", "lastPhaseTransitionTime"}
    assert new["status"]["phase"] == "Pending"


def test_another_phase_has_another_time():
    before = "2020-01-01T00:00:00Z"
    old = {"status": {"phase": "Available", "lastPhaseTransitionTime": before}}

    def after(**status):
        new = {"status": status}
        prepare(Draft(new, old, "status", "me"))
        return new["status"]["lastPhaseTransitionTime"]

    assert after(phase="Available") == before
    assert after(phase="Bound", lastPhaseTransitionTime=before) > before
    assert after(phase="Bound", lastPhaseTransitionTime="2021-01-01T00:00:00Z") == "2021-01-01T00:00:00Z"


def test_a_difference_has_no_heading():
    assert difference({"a": 1}, {"a": 2}).splitlines()[0].startswith("@@")
