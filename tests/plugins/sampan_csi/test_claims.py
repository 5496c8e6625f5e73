import pytest

from sampan_csi import claims

CLASS = {
    "metadata": {"name": "csi"}, "reclaimPolicy": "Retain", "mountOptions": ["noatime"],
    "parameters": {"tier": "gold", "csi.storage.k8s.io/fstype": "xfs"},
}  # fmt: skip


def claim(**spec):
    wanted = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"metadata": {"name": "data", "namespace": "ns", "uid": "1", "resourceVersion": "7"}, "spec": wanted}


def test_a_driver_is_asked_for_what_the_claim_and_its_class_say():
    assert claims.request(claim(), CLASS, {"zone": "z"}) == {
        "name": "pvc-1", "capacity_range": {"required_bytes": 1 << 30}, "parameters": {"tier": "gold"},
        "volume_capabilities": [
            {"mount": {"fs_type": "xfs", "mount_flags": ["noatime"]}, "access_mode": {"mode": 5}}
        ],
        "accessibility_requirements": {"requisite": [{"segments": {"zone": "z"}}],
                                       "preferred": [{"segments": {"zone": "z"}}]},
        "volume_content_source": None,
    }  # fmt: skip
    assert claims.request(claim(), CLASS, {})["accessibility_requirements"] is None


@pytest.mark.parametrize(("count", "size"), [(0, "1Gi"), (3 << 29, "1536Mi"), (1 << 40, "1Ti"), (1000, "1000")])
def test_a_volume_says_what_the_driver_made(count, size):
    made = {
        "volume_id": "v", "capacity_bytes": count, "volume_context": {"k": "v"},
        "accessible_topology": [{"segments": {"zone": "z"}}],
    }  # fmt: skip

    volume = claims.volume_for(claim(), CLASS, made, "d.test", "n")

    assert volume["spec"]["csi"] == {
        "driver": "d.test", "volumeHandle": "v", "volumeAttributes": {"k": "v"}, "fsType": "xfs",
    }  # fmt: skip
    assert volume["spec"]["capacity"] == {"storage": size}
    assert volume["metadata"]["annotations"][claims.PROVISIONED_BY] == "d.test"
    (term,) = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "zone", "operator": "In", "values": ["z"]}]


def test_a_volume_that_is_everywhere_has_no_affinity():
    made = {"volume_id": "v", "capacity_bytes": 1, "volume_context": {}, "accessible_topology": []}

    assert "nodeAffinity" not in claims.volume_for(claim(), CLASS, made, "d.test", "n")["spec"]


@pytest.mark.parametrize(
    ("spec", "parameters", "why"),
    [
        ({}, {}, ""),
        ({"volumeMode": "Block"}, {}, ""),
        ({"selector": {}}, {}, "Selector"),
        ({}, {"csi.storage.k8s.io/provisioner-secret-name": "x"}, "csi.storage.k8s.io/provisioner-secret-name"),
    ],
)
def test_what_is_not_supported_is_refused_in_words(spec, parameters, why):
    found = claims.refusal(claim(**spec), {**CLASS, "parameters": {**CLASS["parameters"], **parameters}})

    assert (why in found) if why else not found


def test_a_block_volume_is_asked_for_and_told_as_one():
    wanted = claim(volumeMode="Block")
    made = {"volume_id": "v", "capacity_bytes": 0, "volume_context": {}, "accessible_topology": []}

    (asked,) = claims.request(wanted, CLASS, {})["volume_capabilities"]
    spec = claims.volume_for(wanted, CLASS, made, "d.test", "n")["spec"]

    assert asked == {"block": {}, "access_mode": {"mode": 5}}
    assert spec["volumeMode"] == "Block" and "fsType" not in spec["csi"]
