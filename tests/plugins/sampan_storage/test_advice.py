import pytest

from sampan_storage.advice import TOKENS_IN_SECRETS, advice

ZONE = "failure-domain.beta.kubernetes.io/zone"
WHY = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
TERM = {"matchExpressions": [{"key": ZONE, "operator": "Exists"}]}


@pytest.mark.parametrize(
    "kind, obj, text",
    [
        (
            "PersistentVolume",
            {"spec": {"persistentVolumeReclaimPolicy": "Recycle"}},
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended "
            "approach is to use dynamic provisioning.",
        ),
        (
            "PersistentVolume",
            {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [TERM]}}}},
            f"spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: {ZONE} is {WHY}",
        ),
        ("PersistentVolume", {"spec": {"rbd": {}}}, "spec.rbd: deprecated in v1.28, non-functional in v1.31+"),
        (
            "PersistentVolumeClaim",
            {"metadata": {"annotations": {"volume.beta.kubernetes.io/storage-class": "a"}}},
            "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "
            '"storageClassName" attribute instead',
        ),
        (
            "PersistentVolumeClaim",
            {"spec": {"resources": {"requests": {"storage": "1500m"}}}},
            'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
        ),
        (
            "StorageClass",
            {"allowedTopologies": [{"matchLabelExpressions": [{"key": ZONE}]}]},
            f"allowedTopologies[0].matchLabelExpressions[0].key: {WHY}",
        ),
        (
            "CSIStorageCapacity",
            {"nodeTopology": {"matchLabels": {ZONE: "a"}}},
            f"nodeTopology.matchLabels.{ZONE}: {WHY}",
        ),
        ("CSIDriver", {"spec": {"tokenRequests": [{"audience": "a"}]}}, TOKENS_IN_SECRETS),
    ],
)
def test_what_is_deprecated_is_told(kind, obj, text):
    assert list(advice(kind, {"metadata": {}, **obj})) == [text]


def test_a_driver_is_told_only_of_new_requests():
    driver = {"spec": {"tokenRequests": [{"audience": "a"}]}}

    assert list(advice("CSIDriver", driver, driver)) == []


@pytest.mark.parametrize("kind", ["PersistentVolume", "PersistentVolumeClaim", "StorageClass", "CSIDriver", "CSINode"])
def test_nothing_is_said_of_what_is_fine(kind):
    assert list(advice(kind, {"metadata": {}, "spec": {}})) == []
