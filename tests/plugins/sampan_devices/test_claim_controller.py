import pytest

from sampan.contracts.reconciling import Create, Emit, Key, Patch, Remove, Update
from sampan.errors import Forbidden, NotFound
from sampan_devices.claim_controller import keys_of_claim, keys_of_pod, keys_of_template, reconcile
from sampan_machinery.resources import PODS
from sampan_machinery.resources import RESOURCE_CLAIM_TEMPLATES as TEMPLATES
from sampan_machinery.resources import RESOURCE_CLAIMS as CLAIMS
from sampan_podspec.device_claims import FINALIZER, MADE_FOR
from sampan_testing.shelves import Shelf

OWNER = {"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "u", "controller": True, "blockOwnerDeletion": True}
SPEC = {"devices": {"requests": [{"name": "r"}]}}
MINE = {"resource": "pods", "name": "web", "uid": "u"}


class Api:
    """Claims are written at once; ``pods`` are those that only the API knows."""

    def __init__(self, **pods):
        self.pods, self.written = pods, []

    def get(self, resource, name, namespace):
        assert resource == PODS
        if name not in self.pods:
            raise NotFound(name)
        return self.pods[name]

    def update(self, resource, obj, subresource=""):
        self.written.append((subresource, obj))
        return obj


def pod(name="web", uid="u", status=None, claims=(), node="", **meta):
    listed = list(claims) or [{"name": "gpu", "resourceClaimTemplateName": "t"}]
    spec = {"resourceClaims": listed, **({"nodeName": node} if node else {})}
    metadata = {"name": name, "namespace": "default", "uid": uid, **meta}
    return PODS, {"metadata": metadata, "spec": spec, "status": status or {}}


def template(**metadata):
    meta = {"name": "t", "namespace": "default"}
    return TEMPLATES, {"metadata": meta, "spec": {"metadata": metadata, "spec": SPEC}}


def claim(name="web-gpu", *reserved, owned=True, finalizers=(), allocation=None, **meta):
    owners = {"ownerReferences": [OWNER], "annotations": {MADE_FOR: "gpu"}} if owned else {}
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}", "finalizers": list(finalizers)}
    status = {"reservedFor": list(reserved), **({} if allocation is None else {"allocation": allocation})}
    return CLAIMS, {"metadata": {**metadata, **owners, **meta}, "spec": SPEC, "status": status}


def for_pod(*objects, name="web"):
    return reconcile(Key("default", f"pod/{name}"), Api(), Shelf(objects))


def for_claim(*objects, api=None, name="web-gpu"):
    api = api or Api()
    return [*api.written, *reconcile(Key("default", name), api, Shelf(objects))], api.written


def test_a_claim_is_made_from_the_template_and_named_in_the_pods_status():
    created, patched = for_pod(pod(), template(labels={"a": "b"}, annotations={"c": "d"}))

    assert isinstance(created, Create) and isinstance(patched, Patch)
    metadata = created.object["metadata"]
    assert metadata["name"].startswith("web-gpu-") and len(metadata["name"]) == len("web-gpu-") + 5
    assert metadata["labels"] == {"a": "b"} and metadata["annotations"] == {"c": "d", MADE_FOR: "gpu"}
    assert metadata["ownerReferences"] == [OWNER] and created.object["spec"] == SPEC
    assert (patched.subresource, patched.how) == ("status", "strategic")
    named = {"name": "gpu", "resourceClaimName": metadata["name"]}
    assert patched.patch == {"metadata": {"uid": "u"}, "status": {"resourceClaimStatuses": [named]}}


def test_a_claim_that_was_made_before_is_named_only():
    (patched,) = for_pod(pod(), template(), claim("web-gpu-abcde"))

    assert patched.patch["status"]["resourceClaimStatuses"][0]["resourceClaimName"] == "web-gpu-abcde"


def test_a_pod_that_has_its_claim_is_left_alone():
    named = {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "web-gpu"}]}

    assert for_pod(pod(status=named), template(), claim()) == []
    assert for_pod(pod(deletionTimestamp="x"), template()) == []
    assert for_pod(pod(claims=[{"name": "gpu", "resourceClaimName": "web-gpu"}])) == []
    assert for_pod() == []


def test_a_foreign_claim_of_that_name_is_replaced():
    named = {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "web-gpu"}]}

    created, _ = for_pod(pod(status=named), template(), claim(owned=False))
    assert isinstance(created, Create)


def test_a_template_that_is_missing_or_a_claim_that_is_refused_is_told():
    (told,) = for_pod(pod())
    created, _ = for_pod(pod(), template())

    assert isinstance(told, Emit) and told.reason == "FailedResourceClaimCreation"
    assert told.message == 'PodResourceClaim gpu: resource claim template "t": not found'
    (refused,) = created.on_failure(Forbidden("quota"))
    assert refused.message == "PodResourceClaim gpu: create ResourceClaim: quota"


def test_long_names_are_shortened_as_upstream_does():
    long = [{"name": "g" * 40, "resourceClaimTemplateName": "t"}]
    created, _ = for_pod(pod("w" * 60, claims=long), template(), name="w" * 60)

    assert len(created.object["metadata"]["name"]) <= 63


def test_a_pod_with_a_node_gets_its_reservation():
    named = {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "web-gpu"}]}

    (update,) = for_pod(pod(node="n", status=named), claim(allocation={}))
    assert update.subresource == "status" and update.object["status"]["reservedFor"] == [MINE]
    assert for_pod(pod(node="n", status=named), claim()) == []  # the scheduler allocates
    assert for_pod(pod(node="n", status=named), claim("web-gpu", MINE, allocation={})) == []
    full = [{**MINE, "uid": str(number)} for number in range(256)]
    assert for_pod(pod(node="n", status=named), claim("web-gpu", *full, allocation={})) == []


@pytest.mark.parametrize(
    "objects",
    [
        (), (pod(uid="other"),), (pod(status={"phase": "Succeeded"}),), (pod(deletionTimestamp="x"),),
    ],
)  # fmt: skip
def test_devices_are_given_back_with_the_last_reservation(objects):
    done, written = for_claim(
        claim("web-gpu", MINE, finalizers=[FINALIZER, "x/y"], allocation={}, owned=False), *objects
    )

    assert [where for where, _ in written] == ["status"]
    assert written[0][1]["status"] == {"reservedFor": []}
    (last,) = done
    assert isinstance(last, Update) and last.object["metadata"]["finalizers"] == ["x/y"]


def test_a_reservation_that_is_needed_keeps_the_devices():
    other = {"resource": "pods", "name": "gone", "uid": "g"}
    held = claim("web-gpu", MINE, other, finalizers=[FINALIZER], allocation={})

    done, written = for_claim(held, pod(node="n"))
    assert written[0][1]["status"] == {"reservedFor": [MINE], "allocation": {}} and done == []
    assert for_claim(claim("web-gpu", MINE, allocation={}), pod(node="n")) == ([], [])


def test_a_reservation_of_something_else_stays():
    foreign = {"apiGroup": "x.test", "resource": "things", "name": "a", "uid": "a"}

    assert for_claim(claim("web-gpu", foreign, allocation={}, owned=False)) == ([], [])


def test_the_api_is_asked_for_a_pod_that_no_watch_has_shown_yet():
    held = claim("web-gpu", MINE, finalizers=[FINALIZER], allocation={}, owned=False)

    assert for_claim(held, api=Api(web=pod()[1])) == ([], [])


def test_devices_that_another_controller_allocated_are_its_own():
    done, written = for_claim(claim("web-gpu", MINE, allocation={"a": 1}, owned=False))

    assert written[0][1]["status"] == {"reservedFor": [], "allocation": {"a": 1}} and done == []


def test_a_claim_that_the_scheduler_is_allocating_keeps_its_finalizer():
    assert for_claim(claim(finalizers=[FINALIZER], owned=False)) == ([], [])


def test_a_claim_that_is_deleted_goes_once_no_pod_needs_it():
    gone = {"deletionTimestamp": "x", "owned": False, "finalizers": [FINALIZER]}

    done, written = for_claim(claim(allocation={}, **gone))
    assert written[0][1]["status"] == {"reservedFor": []} and "finalizers" not in done[-1].object["metadata"]
    done, written = for_claim(claim(**gone))
    assert written == [] and "finalizers" not in done[-1].object["metadata"]
    assert for_claim(claim("web-gpu", MINE, allocation={}, **gone), pod(node="n")) == ([], [])


def test_a_claim_that_was_made_for_a_pod_goes_when_the_pod_is_done():
    (removed,), _ = for_claim(claim(), pod(status={"phase": "Succeeded"}))

    assert isinstance(removed, Remove) and removed.uid == "uid-web-gpu"
    assert for_claim(claim(), pod()) == ([], [])
    assert for_claim(claim()) == ([], [])  # garbage collection removes it
    assert for_claim(claim(owned=False), pod(status={"phase": "Succeeded"})) == ([], [])


def test_what_changes_names_who_is_concerned():
    one, plain = pod()[1], pod()[1] | {"spec": {}}
    named = pod(status={"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "web-gpu"}]})[1]

    assert list(keys_of_pod(plain, Shelf([]))) == []
    assert list(keys_of_pod(one, Shelf([]))) == [("default", "pod/web")]
    assert list(keys_of_pod(named, Shelf([]))) == [("default", "pod/web"), ("default", "web-gpu")]
    extended = plain | {"status": {"extendedResourceClaimStatus": {"resourceClaimName": "made"}}}
    assert list(keys_of_pod(extended, Shelf([]))) == [("default", "made")]
    assert list(keys_of_claim(claim()[1], Shelf([]))) == [("default", "web-gpu"), ("default", "pod/web")]
    assert list(keys_of_claim(claim(owned=False)[1], Shelf([]))) == [("default", "web-gpu")]
    assert list(keys_of_template(template()[1], Shelf([pod()]))) == [("default", "pod/web")]
