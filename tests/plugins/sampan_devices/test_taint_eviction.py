import pytest

from sampan.contracts.reconciling import Emit, Key, Patch, Remove, Requeue
from sampan_devices import taint_eviction
from sampan_machinery.resources import PODS
from sampan_machinery.resources import RESOURCE_CLAIMS as CLAIMS
from sampan_machinery.resources import RESOURCE_SLICES as SLICES

KEY = Key("ns", "mine")
ADDED = 1_700_000_000.0
BROKEN = {"key": "x.test/broken", "effect": "NoExecute", "timeAdded": "2023-11-14T22:13:20Z"}
EVER = {"operator": "Exists", "effect": "NoExecute"}


def piece(*taints, generation=1, device="a", pool="p"):
    devices = [{"name": device, "taints": list(taints)}]
    return {"spec": {"driver": "d", "pool": {"name": pool, "generation": generation}, "devices": devices}}


def claim(*tolerations, pods=("web",)):
    results = [{"driver": "d", "pool": "p", "device": "a", "request": "r", "tolerations": list(tolerations)}]
    reserved = [{"resource": "pods", "name": name, "uid": f"uid-{name}"} for name in pods]
    status = {"allocation": {"devices": {"results": results}}, "reservedFor": reserved}
    return {"metadata": {"name": "mine", "namespace": "ns"}, "status": status}


def pod(name="web", **meta):
    return {"metadata": {"name": name, "namespace": "ns", "uid": f"uid-{name}", **meta}, "spec": {"nodeName": "n"}}


class Seen:
    def __init__(self, now, claims, slices, pods):
        self.now, self.objects = now, {CLAIMS: claims, SLICES: slices, PODS: pods}

    def get(self, resource, name, namespace=""):
        return next((one for one in self.objects[resource] if one["metadata"]["name"] == name), None)

    def list(self, resource, namespace=""):
        return self.objects[resource]


def decide(found, *slices, pods=(), now=ADDED + 5):
    return list(taint_eviction.decide(KEY, Seen(now, [found] if found else [], list(slices), list(pods) or [pod()])))


@pytest.mark.parametrize(
    ("tolerations", "due"),
    [
        ((), ADDED),
        ((EVER,), None),
        (({**EVER, "tolerationSeconds": 60},), ADDED + 60),
        (({**EVER, "tolerationSeconds": 60}, {**EVER, "tolerationSeconds": 30}), ADDED + 30),
        (({**EVER, "tolerationSeconds": 60}, EVER), None),
        (({**EVER, "tolerationSeconds": -1},), ADDED),
        (({"operator": "Exists"},), ADDED),  # of no effect in particular: of use for scheduling alone
        (({**EVER, "key": "x.test/other"},), ADDED),
    ],
)
def test_when_a_taint_ends_the_use_of_a_device(tolerations, due):
    assert taint_eviction.eviction_time(claim(*tolerations), [piece(BROKEN)]) == due


@pytest.mark.parametrize(
    "slices",
    [
        [],
        [piece()],
        [piece({**BROKEN, "effect": "NoSchedule"})],
        [piece(BROKEN, device="b")],
        [piece(BROKEN, pool="q")],
        [piece(BROKEN), piece(generation=2)],
    ],
)
def test_a_device_without_such_a_taint_is_left_alone(slices):
    assert taint_eviction.eviction_time(claim(), slices) is None
    assert not decide(claim(), *slices)


def test_a_pod_is_told_marked_and_deleted():
    said, marked, gone = decide(claim(), piece(BROKEN))

    assert isinstance(said, Emit) and said.reason == "DeviceTaintManagerEviction"
    assert isinstance(marked, Patch)
    (condition,) = marked.patch["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("DisruptionTarget", "DeletionByDeviceTaintManager")
    assert isinstance(gone, Remove) and (gone.name, gone.uid) == ("web", "uid-web")


def test_a_taint_that_is_tolerated_for_a_while_is_waited_for():
    (later,) = decide(claim({**EVER, "tolerationSeconds": 60}), piece(BROKEN))

    assert later == Requeue(55.0)


def test_pods_that_go_or_are_gone_are_left_alone():
    going = pod(deletionTimestamp="2026-01-01T00:00:00Z")
    done = {**pod(), "status": {"phase": "Succeeded"}}

    for one in (going, done, pod("other"), {**pod(), "metadata": {**pod()["metadata"], "uid": "new"}}):
        assert not decide(claim(), piece(BROKEN), pods=[one])
    assert not decide(claim(pods=()), piece(BROKEN))
    assert not decide(None, piece(BROKEN))


def test_a_slice_with_a_taint_concerns_the_claims_of_its_pool():
    known = Seen(ADDED, [claim()], [], [])

    assert list(taint_eviction.keys_of_slice(piece(BROKEN), known)) == [KEY]
    assert not list(taint_eviction.keys_of_slice(piece(), known))
    assert not list(taint_eviction.keys_of_slice(piece(BROKEN, pool="q"), known))
