import pytest

from sampan.errors import Forbidden
from sampan_node.volumes.claims import MountProblem, find
from sampan_podspec.claims import claim_uses

BEFORE = (
    "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]: "
)


def pod(volume=None, **container):
    source = volume or {"persistentVolumeClaim": {"claimName": "data"}}
    mounts = container or {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    return {
        "metadata": {"name": "web", "namespace": "default", "uid": "p1"},
        "spec": {"containers": [{"name": "c", **mounts}], "volumes": [{"name": "v", **source}]},
    }


def claim(name="data", *, phase="Bound", **meta):
    return {
        "metadata": {"name": name, "namespace": "default", "uid": "c1", **meta},
        "spec": {"volumeName": "pv"}, "status": {"phase": phase},
    }  # fmt: skip


def volume(uid="c1", **spec):
    return {"metadata": {"name": "pv"}, "spec": {"claimRef": {"uid": uid}, "hostPath": {"path": "/x"}, **spec}}


def found(the_pod, *objects):
    kinds = {"data": "PersistentVolumeClaim", "web-v": "PersistentVolumeClaim", "pv": "PersistentVolume", "n": "Node"}
    known = {(kinds[one["metadata"]["name"]], one["metadata"]["name"]): one for one in objects}
    (use,) = claim_uses(the_pod)
    return find(the_pod, use, lambda kind, name: known.get((kind, name)), "n")


def test_a_bound_claim_leads_to_its_volume():
    assert found(pod(), claim(), volume()).volume["spec"]["hostPath"] == {"path": "/x"}


@pytest.mark.parametrize(
    ("objects", "why"),
    [
        ([], 'failed to fetch PVC from API server: persistentvolumeclaims "data" not found'),
        ([claim(phase="Pending")], "PVC is not bound"),
        ([claim(deletionTimestamp="now")], "PVC is being deleted"),
        ([claim()], 'failed to fetch PV pv from API server: persistentvolumes "pv" not found'),
        (
            [claim(), volume("other")],
            "found PV object pv but its pv.Spec.ClaimRef.UID other does not point to claim.UID c1",
        ),
        ([claim(), volume(volumeMode="Block")], "volume v has volumeMode Block, but is specified in volumeMounts"),
    ],
)
def test_a_pod_waits_with_upstream_s_words(objects, why):
    with pytest.raises(MountProblem) as raised:
        found(pod(), *objects)

    assert str(raised.value) == f"{BEFORE}error processing PVC default/data: {why}"


def test_a_protected_claim_that_is_being_deleted_still_serves_its_pods():
    kept = claim(deletionTimestamp="now", finalizers=["kubernetes.io/pvc-protection"])

    assert found(pod(), kept, volume()).claim is kept


def test_an_ephemeral_volume_s_claim_has_to_belong_to_the_pod():
    mine = {"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "p1", "controller": True}
    assert found(pod({"ephemeral": {}}), claim("web-v", ownerReferences=[mine]), volume())

    with pytest.raises(MountProblem, match=r"PVC default/web-v was not created for pod default/web \(pod is not owner"):
        found(pod({"ephemeral": {}}), claim("web-v"), volume())


def test_a_volume_of_another_node_is_refused():
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["a"]}]}]
    bound = volume(nodeAffinity={"required": {"nodeSelectorTerms": terms}})

    def node(name):
        return {"metadata": {"name": "n", "labels": {"kubernetes.io/hostname": name}}}

    assert found(pod(), claim(), bound, node("a"))
    with pytest.raises(MountProblem) as raised:
        found(pod(), claim(), bound, node("b"))
    assert str(raised.value) == (
        'MountVolume.NodeAffinity check failed for volume "pv" : no matching NodeSelectorTerms'
    )


def test_what_may_not_be_read_yet_is_waited_for():
    def lookup(kind, name):
        raise Forbidden("no relationship found")

    (use,) = claim_uses(pod())
    with pytest.raises(MountProblem, match="failed to fetch PVC from API server: no relationship found"):
        find(pod(), use, lookup, "n")
