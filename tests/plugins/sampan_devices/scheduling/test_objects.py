from sampan_devices.allocation.records import Candidate, DeviceId, Node
from sampan_devices.scheduling.extended import ANNOTATION
from sampan_devices.scheduling.ledger import Ledger
from sampan_devices.scheduling.objects import DeviceObjects
from sampan_machinery.resources import DEVICE_CLASSES, RESOURCE_CLAIMS, RESOURCE_SLICES

RESULTS = {"devices": {"results": [{"driver": "d", "pool": "p", "device": "a", "request": "r"}]}}


class FakeInformer:
    made = {}

    def __init__(self, client, resource, *, on_change, on_synced):
        self.resource, self.on_change, self.on_synced = resource, on_change, on_synced
        self.synced = self.stopped = False
        self.objects = {}
        FakeInformer.made[resource] = self

    def start(self):
        pass

    def stop(self):
        self.stopped = True

    def wait_synced(self, timeout):
        assert timeout <= 1.0
        self.synced = FakeInformer.prompt
        return self.synced

    def get(self, name, namespace=""):
        return self.objects.get((namespace, name))

    def list(self):
        return list(self.objects.values())

    def show(self, old, new):
        obj = new or old
        key = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
        self.objects.pop(key, None)
        if new is not None:
            self.objects[key] = new
        self.on_change(old, new)


def objects(*, prompt=True):
    FakeInformer.made, FakeInformer.prompt = {}, prompt
    ledger = Ledger()
    found = DeviceObjects(ledger, informer=FakeInformer)
    found.start(None)
    told = []
    found.on_claim = lambda claim, freed: told.append((claim["metadata"]["name"], freed))
    found.on_other = lambda: told.append("other")
    return found, ledger, told


def claim(uid="u", allocation=None):
    status = {} if allocation is None else {"allocation": allocation}
    return {"metadata": {"name": "c", "namespace": "default", "uid": uid}, "spec": {}, "status": status}


def found_slice(revision="1", driver="d"):
    spec = {"driver": driver, "allNodes": True, "devices": [{"name": "a"}],
            "pool": {"name": "p", "resourceSliceCount": 1}}  # fmt: skip
    return {"metadata": {"name": "s", "resourceVersion": revision}, "spec": spec}


def test_nothing_is_watched_before_the_first_pod_with_a_claim():
    found, _, _ = objects()
    assert not FakeInformer.made and not found.pools().on(Node("n", {}))

    assert found.ready() and set(FakeInformer.made) == {RESOURCE_CLAIMS, DEVICE_CLASSES, RESOURCE_SLICES}
    found.stop()
    assert all(each.stopped for each in FakeInformer.made.values())


def test_the_end_of_a_long_wait_is_told():
    found, _, told = objects(prompt=False)
    assert not found.ready()

    for informer in FakeInformer.made.values():
        informer.synced = True
        informer.on_synced()
    assert told == ["other"] * 3 and found.ready()


def test_claims_are_counted_and_told():
    found, ledger, told = objects()
    found.ready()
    claims = FakeInformer.made[RESOURCE_CLAIMS]

    claims.show(None, claim(allocation=RESULTS))
    assert DeviceId("d", "p", "a") in ledger.in_use.devices and found.claim("default", "c")
    claims.show(claim(allocation=RESULTS), claim())
    claims.show(claim(), claim(allocation=RESULTS))
    claims.show(claim(allocation=RESULTS), claim("v"))  # replaced by another of its name
    assert not ledger.in_use.devices
    claims.show(claim("v"), None)
    assert told == [("c", False), ("c", True), ("c", False), ("c", True), ("c", False)]


def test_the_first_state_is_not_told():
    found, ledger, told = objects(prompt=False)
    found.ready()
    FakeInformer.made[RESOURCE_CLAIMS].show(None, claim(allocation=RESULTS))
    FakeInformer.made[RESOURCE_SLICES].show(None, found_slice())

    assert told == [] and ledger.in_use.devices


def test_slices_are_indexed_again_after_one_changed():
    found, _, told = objects()
    found.ready()
    slices = FakeInformer.made[RESOURCE_SLICES]
    slices.show(None, found_slice())

    first = found.pools()
    assert found.pools() is first and [pool.name for pool in first.on(Node("n", {}))] == ["p"]
    FakeInformer.made[DEVICE_CLASSES].show(None, {"metadata": {"name": "gpu"}, "spec": {}})
    assert found.pools() is first and found.device_class("gpu")
    slices.show(found_slice(), None)
    assert not found.pools().on(Node("n", {})) and told == ["other"] * 3


def test_what_an_expression_says_of_a_device_is_remembered_until_its_slice_changes():
    found, _, _ = objects()
    found.ready()
    device, changed = {"name": "a", "attributes": {"x": {"int": 1}}}, {"name": "a", "attributes": {"x": {"int": 2}}}
    expression = 'device.attributes["d"].x == 1'

    def ask(revision, each):
        return found.matches(expression, Candidate(DeviceId("d", "p", "a"), each, found_slice(revision)))

    assert ask("1", device) and ask("1", changed)
    assert not ask("2", changed)


def test_classes_and_the_claim_that_was_made_for_a_pod_are_found():
    found, _, _ = objects()
    assert found.device_classes() == [] and found.made_for({"metadata": {"namespace": "default", "uid": "p"}}) is None
    assert found.ready()
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "p", "controller": True}
    made = claim()
    made["metadata"] |= {"ownerReferences": [owner], "annotations": {ANNOTATION: "true"}}
    FakeInformer.made[RESOURCE_CLAIMS].show(None, made)
    FakeInformer.made[DEVICE_CLASSES].show(None, {"metadata": {"name": "gpu"}})

    assert [each["metadata"]["name"] for each in found.device_classes()] == ["gpu"]
    assert found.made_for({"metadata": {"namespace": "default", "name": "web", "uid": "p"}}) is made
    assert found.made_for({"metadata": {"namespace": "other", "name": "web", "uid": "p"}}) is None
