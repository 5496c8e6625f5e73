from pathlib import Path

import pytest

from sampan_localpath import volumes

CLASS = {"metadata": {"name": "local-path"}, "reclaimPolicy": "Retain"}


def claim(**spec):
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"metadata": {"name": "data", "namespace": "ns", "uid": "1", "resourceVersion": "7"}, "spec": wanted}


def test_a_volume_is_bound_to_its_claim_and_its_node():
    made = volumes.volume_for(claim(), CLASS, "n", Path("/x/y"))

    assert made["metadata"]["name"] == "pvc-1"
    assert made["spec"]["claimRef"]["uid"] == "1"
    assert made["spec"]["local"] == {"path": "/x/y"}
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    (term,) = made["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["n"]


def test_a_directory_says_whose_it_is():
    assert volumes.folder_of(claim()) == "pvc-1_ns_data"


@pytest.mark.parametrize(
    ("spec", "parameters", "why"),
    [
        ({}, {}, ""),
        ({"volumeMode": "Block"}, {}, "volumeMode Filesystem, not Block"),
        ({"selector": {}}, {}, "claim.Spec.Selector is not supported"),
        ({"dataSource": {"kind": "VolumeSnapshot"}}, {}, "data source"),
        ({}, {"fsType": "ext4"}, "parameters that this provisioner does not know: fsType"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(spec, parameters, why):
    found = volumes.refusal(claim(**spec), {**CLASS, "parameters": parameters})

    assert (why in found) if why else not found
