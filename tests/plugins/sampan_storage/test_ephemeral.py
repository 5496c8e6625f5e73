from sampan.contracts.reconciling import Create, Emit, Key
from sampan.errors import Forbidden
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PODS
from sampan_storage import ephemeral
from sampan_testing.shelves import Shelf

KEY = Key("default", "web-scratch")
TEMPLATE = {
    "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
OWNER = {
    "apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "p1", "controller": True, "blockOwnerDeletion": True,
}  # fmt: skip


def pod(name="web", volume="scratch", **meta):
    volumes = [{"name": volume, "ephemeral": {"volumeClaimTemplate": TEMPLATE}}, {"name": "x", "emptyDir": {}}]
    return PODS, {"metadata": {"name": name, "namespace": "default", "uid": "p1", **meta}, "spec": {"volumes": volumes}}


def claim(*owners):
    return CLAIMS, {"metadata": {"name": "web-scratch", "namespace": "default", "ownerReferences": list(owners)}}


def decided(*objects):
    return ephemeral.decide(KEY, Shelf(objects))


def test_a_claim_is_made_from_the_template_and_owned_by_the_pod():
    (made,) = decided(pod())

    assert isinstance(made, Create)
    assert made.object["metadata"] == {
        "name": "web-scratch", "namespace": "default", "ownerReferences": [OWNER], "labels": {"a": "b"},
        "annotations": {"c": "d"},
    }  # fmt: skip
    assert made.object["spec"] == TEMPLATE["spec"]
    assert ephemeral.keys_of_pod(pod()[1], Shelf(())) == [KEY]


def test_a_claim_that_cannot_be_made_is_told_at_the_pod():
    (made,) = decided(pod())

    (event,) = made.on_failure(Forbidden("exceeded quota"))
    assert (event.reason, event.message) == (
        "FailedBinding", "ephemeral volume scratch: create PVC web-scratch: exceeded quota",
    )  # fmt: skip


def test_an_existing_claim_of_the_pod_is_left_alone():
    assert decided(pod(), claim(OWNER)) == []


def test_a_claim_of_another_owner_is_told_and_not_used():
    (event,) = decided(pod(), claim())

    assert isinstance(event, Emit)
    assert event.message == (
        "ephemeral volume scratch: PVC default/web-scratch was not created for pod default/web (pod is not owner)"
    )


def test_of_two_pods_with_one_name_for_their_claims_the_owner_is_asked():
    other = pod("web-scratch".removesuffix("-scratch"), uid="p1")
    late = pod("web", uid="p2")

    assert decided(late, other, claim(OWNER)) == []


def test_a_pod_that_goes_gets_none():
    assert decided(pod(deletionTimestamp="now")) == []
    assert decided() == []
