import pytest

from sampan_localpath import decisions
from sampan_localpath.decisions import ChooseNode, Expand, Provision, Release, Remove
from sampan_localpath.naming import HOSTNAME, PROVISIONER
from sampan_volumes.provisioning import ASKED_PROVISIONER, FINALIZER, PROVISIONED_BY, SELECTED_NODE


def claim(*, asked=PROVISIONER, node="a", volume="", size="1Gi", told="1Gi", **meta):
    annotations = {ASKED_PROVISIONER: asked} | ({SELECTED_NODE: node} if node else {})
    return {
        "metadata": {"name": "data", "namespace": "default", "uid": "u", "annotations": annotations, **meta},
        "spec": {"volumeName": volume, "resources": {"requests": {"storage": size}}},
        "status": {"phase": "Bound", "capacity": {"storage": told}} if volume else {"phase": "Pending"},
    }


def volume(*, by=PROVISIONER, node="a", phase="Bound", policy="Delete", size="1Gi", finalizers=(FINALIZER,), **meta):
    terms = [{"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": [node]}]}]
    return {
        "metadata": {"name": "pv", "annotations": {PROVISIONED_BY: by}, "finalizers": list(finalizers), **meta},
        "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}, "capacity": {"storage": size},
                 "persistentVolumeReclaimPolicy": policy, "claimRef": {"uid": "u"}},
        "status": {"phase": phase},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (claim(), Provision()),
        (claim(node="b"), None),
        (claim(asked="other"), None),
        (claim(node=""), ChooseNode()),
        (claim(deletionTimestamp="now"), None),
        (claim(volume="pv"), None),
    ],
)
def test_a_node_makes_volumes_for_the_claims_that_chose_it(found, wanted):
    assert decisions.about_claim(found, volume(), "a") == wanted


@pytest.mark.parametrize(
    ("found", "its", "wanted"),
    [
        (claim(volume="pv", size="2Gi"), volume(), Expand("2Gi")),
        (claim(volume="pv", size="2Gi"), volume(size="2Gi"), Expand("2Gi")),  # the claim was not told yet
        (claim(volume="pv", size="2Gi", told="2Gi"), volume(size="2Gi"), None),
        (claim(volume="pv", size="2Gi"), volume(node="b"), None),
        (claim(volume="pv", size="2Gi"), volume(by="other"), None),
        (claim(volume="pv", size="2Gi"), None, None),
    ],
)
def test_a_claim_that_grows_is_written_down_by_its_node(found, its, wanted):
    assert decisions.about_claim(found, its, "a") == wanted


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (volume(), None),
        (volume(phase="Released"), Remove()),
        (volume(phase="Released", policy="Retain"), None),
        (volume(phase="Released", node="b"), None),
        (volume(phase="Released", by="other"), None),
        (volume(deletionTimestamp="now"), None),  # its claim is still bound
        (volume(phase="Available", deletionTimestamp="now"), Remove()),
        (volume(phase="Released", policy="Retain", deletionTimestamp="now"), Release()),
        (volume(phase="Released", policy="Retain", deletionTimestamp="now", finalizers=()), None),
    ],
)
def test_a_released_volume_goes_by_its_policy(found, wanted):
    assert decisions.about_volume(found, "a") == wanted
