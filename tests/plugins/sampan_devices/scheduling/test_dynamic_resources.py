from types import SimpleNamespace

import pytest

from sampan_devices.allocation import selectors
from sampan_devices.allocation.pools import Pools
from sampan_devices.scheduling import dynamic_resources
from sampan_devices.scheduling.dynamic_resources import DynamicResources
from sampan_devices.scheduling.extended import is_made_for
from sampan_devices.scheduling.ledger import Ledger
from sampan_devices.scheduling.readiness import TIMEOUT
from sampan_machinery.resources import PODS
from sampan_scheduling.contracts import UNCHECKED


class Known:
    def __init__(self):
        self.claims, self.slices, self.classes = {}, [], {"gpu": {"metadata": {"name": "gpu"}, "spec": {}}}
        self.synced, self.stopped = True, False
        self.device_class = self.classes.get

    def claim(self, namespace, name):
        return self.claims.get(name)

    def device_classes(self):
        return list(self.classes.values())

    def made_for(self, pod):
        return next((each for each in self.claims.values() if is_made_for(each, pod)), None)

    def pools(self):
        return Pools(self.slices)

    def matches(self, expression, candidate):
        return selectors.matches(expression, candidate.id.driver, candidate.device)

    def ready(self):
        return self.synced

    def start(self, client):
        self.client = client

    def stop(self):
        self.stopped = True


class Handle:
    """Claims are written to ``known`` at once; jobs wait until ``work``."""

    def __init__(self, known):
        self.client, self.known, self.woken, self.asked, self.jobs, self.released = self, known, [], [], [], []
        self.statuses = []

    def create(self, resource, obj, namespace):
        made = {**obj, "metadata": {**obj["metadata"], "name": "made", "uid": "uid-made"}}
        self.known.claims["made"] = made
        return made

    def get(self, resource, name, namespace):
        return self.known.claims[name]

    def delete(self, resource, name, namespace, uid):
        assert self.known.claims.pop(name)["metadata"]["uid"] == uid

    def update(self, resource, obj, subresource=""):
        self.known.claims[obj["metadata"]["name"]] = obj
        return obj

    def patch(self, resource, name, patch, namespace, how, subresource):
        if resource is PODS:
            self.statuses.append(patch["status"])
        else:
            self.released.append(name)

    def wake(self, may_help):
        self.woken.append(may_help)

    def ask_again(self, uid):
        self.asked.append(uid)

    def submit(self, job):
        self.jobs.append(job)

    def work(self):
        while self.jobs:
            self.jobs.pop(0)()


@pytest.fixture
def known():
    return Known()


@pytest.fixture
def handle(known):
    return Handle(known)


@pytest.fixture
def plugin(known, handle):
    clock = SimpleNamespace(now=0.0)
    found = DynamicResources(known, Ledger(), clock=lambda: clock.now, share=lambda: "share")
    found.time = clock
    found.start(handle)
    return found


def a_slice(known, node, *devices):
    listed = [each if isinstance(each, dict) else {"name": each} for each in devices]
    pool = {"name": node, "resourceSliceCount": 1}
    known.slices.append({
        "metadata": {"name": node, "resourceVersion": "1"},
        "spec": {"driver": "d", "nodeName": node, "devices": listed, "pool": pool},
    })  # fmt: skip


def a_claim(known, name="c", *requests, **status):
    asked = list(requests) or [{"name": "r", "exactly": {"deviceClassName": "gpu", "count": 1}}]
    found = {
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"},
        "spec": {"devices": {"requests": asked}}, "status": status,
    }  # fmt: skip
    known.claims[name] = found
    return found


def a_pod(*claims, name="web"):
    listed = [{"name": each, "resourceClaimName": each} for each in claims]
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    return {"metadata": metadata, "spec": {"resourceClaims": listed}}


def a_node(name):
    return SimpleNamespace(name=name, object={"metadata": {"name": name, "labels": {}}})


def asked(plugin, pod, *nodes):
    """The state, and why each node will not do; or the one reason for all."""
    state = {}
    refusal = plugin.pre_filter(state, pod, None)
    if refusal is not None:
        assert refusal.unresolvable
        return state, refusal.reason
    return state, [verdict.reason if (verdict := plugin.filter(state, pod, a_node(each))) else "" for each in nodes]


def reserved(plugin, pod, node):
    state, reasons = asked(plugin, pod, node)
    assert reasons == [""]
    plugin.reserve(state, pod, a_node(node))
    return state


def test_nodes_without_enough_devices_will_not_do(plugin, known):
    a_slice(known, "n", "a")
    a_claim(known)

    assert asked(plugin, a_pod("c"), "n", "m")[1] == ["", "cannot allocate all claims"]


def test_a_pod_waits_for_what_no_node_can_give(plugin, known):
    assert asked(plugin, a_pod("c"))[1] == 'resourceclaim.resource.k8s.io "c" not found'
    a_claim(known, "c", {"name": "r", "firstAvailable": [{"name": "x", "deviceClassName": "none"}]})
    assert asked(plugin, a_pod("c"))[1] == "request r/x: device class none does not exist"
    a_claim(known, "c", allocation={}, reservedFor=[{"uid": str(number)} for number in range(256)])
    assert asked(plugin, a_pod("c"))[1] == "resourceclaim in use"
    known.synced = False
    assert "waiting for the state" in asked(plugin, a_pod("c"))[1]


def test_a_claim_is_allocated_and_reserved_before_the_pod_is_bound(plugin, known):
    a_slice(known, "n", "a")
    a_claim(known)
    state = reserved(plugin, a_pod("c"), "n")

    assert plugin.pre_bind(state, a_pod("c"), a_node("n")) == 0.0
    status = known.claims["c"]["status"]
    assert status["allocation"]["devices"]["results"][0]["device"] == "a"
    assert status["reservedFor"] == [{"resource": "pods", "name": "web", "uid": "uid-web"}]


def test_a_promised_device_and_a_promised_claim_are_not_given_twice(plugin, known):
    a_slice(known, "n", "a")
    a_claim(known)
    a_claim(known, "other")
    state = reserved(plugin, a_pod("c"), "n")

    assert asked(plugin, a_pod("other", name="x"), "n")[1] == ["cannot allocate all claims"]
    assert asked(plugin, a_pod("c", name="x"))[1] == "resource claim default/c is in the process of being allocated"
    plugin.unreserve(state, a_pod("c"), a_node("n"))
    assert asked(plugin, a_pod("other", name="x"), "n")[1] == [""]


def test_a_pod_that_was_not_bound_gives_its_reservation_back_without_the_lock(plugin, known, handle):
    a_slice(known, "n", "a")
    a_claim(known)
    state = reserved(plugin, a_pod("c"), "n")
    plugin.pre_bind(state, a_pod("c"), a_node("n"))

    plugin.unreserve(state, a_pod("c"), a_node("n"))
    assert handle.released == []
    handle.work()
    assert handle.released == ["c"]


def allocated_on(node, **result):
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    results = [{"driver": "d", "pool": "p", "device": "a", "request": "r", **result}]
    selector = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return {"devices": {"results": results}, "nodeSelector": selector, "allocationTimestamp": "1970-01-01T00:00:00Z"}


def test_an_allocated_claim_keeps_the_pod_to_its_node(plugin, known):
    a_claim(known, allocation=allocated_on("n"))

    state, reasons = asked(plugin, a_pod("c"), "n", "m")
    assert reasons == ["", "resourceclaim not available on the node"]
    plugin.reserve(state, a_pod("c"), a_node("n"))
    assert plugin.pre_bind(state, a_pod("c"), a_node("n")) == 0.0
    assert known.claims["c"]["status"]["reservedFor"]


def test_devices_are_given_back_where_the_pod_cannot_reach_them_and_no_other_pod_needs_them(plugin, known, handle):
    pod = a_pod("c")
    a_claim(known, allocation=allocated_on("n"), reservedFor=[{"uid": "uid-web"}])
    state, _ = asked(plugin, pod, "m")

    assert plugin.post_filter(state, pod, None, {}) is None
    handle.work()
    assert "allocation" not in known.claims["c"]["status"]
    a_claim(known, allocation=allocated_on("n"), reservedFor=[{"uid": "other"}])
    state, _ = asked(plugin, pod, "m")
    plugin.post_filter(state, pod, None, {})
    assert handle.jobs == [] and plugin.post_filter({}, pod, None, {}) is None


CONDITIONS = {"bindingConditions": ["on"], "bindingFailureConditions": ["off"]}


def said(known, name, status="True"):
    device = {"driver": "d", "pool": "n", "device": "a", "conditions": [{"type": name, "status": status}]}
    claim = known.claims["c"]
    known.claims["c"] = {**claim, "status": {**claim["status"], "devices": [device]}}


def test_a_pod_is_bound_once_its_devices_are_ready(plugin, known, handle):
    a_slice(known, "n", {"name": "a", **CONDITIONS})
    a_claim(known)
    pod = a_pod("c")
    state = reserved(plugin, pod, "n")

    assert plugin.pre_bind(state, pod, a_node("n")) == TIMEOUT
    known.on_claim = plugin._objects.on_claim
    known.on_claim(known.claims["c"], False)
    assert handle.asked == ["uid-web"]
    said(known, "on")
    assert plugin.pre_bind(state, pod, a_node("n")) == 0.0
    known.on_claim(known.claims["c"], False)
    assert handle.asked == ["uid-web"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda plugin, known: said(known, "off"), "device binding failed"),
        (lambda plugin, known: setattr(plugin.time, "now", TIMEOUT + 1), "device binding timeout"),
        (lambda plugin, known: known.claims.clear(), "not found"),
    ],
)
def test_devices_that_do_not_become_ready_need_another_decision(plugin, known, change, why):
    a_slice(known, "n", {"name": "a", **CONDITIONS})
    a_claim(known)
    pod = a_pod("c")
    state = reserved(plugin, pod, "n")
    plugin.pre_bind(state, pod, a_node("n"))
    change(plugin, known)

    with pytest.raises((LookupError, TimeoutError), match=why):
        plugin.pre_bind(state, pod, a_node("n"))


def test_a_claim_whose_devices_failed_is_not_available(plugin, known):
    a_claim(known, allocation=allocated_on("n", **CONDITIONS))
    plugin.time.now = TIMEOUT + 1

    assert asked(plugin, a_pod("c"), "n")[1] == ["resourceclaim not available on the node"]


def test_nodes_with_earlier_alternatives_get_more_points(plugin, known):
    a_slice(known, "n", "a")
    a_slice(known, "m", "a", "b")
    alternatives = [{"name": str(count), "deviceClassName": "gpu", "count": count} for count in (2, 1)]
    a_claim(known, "c", {"name": "r", "firstAvailable": alternatives})
    state, reasons = asked(plugin, a_pod("c"), "n", "m")
    nodes = SimpleNamespace(node=lambda row: a_node("nm"[row]))

    assert reasons == ["", ""]
    assert plugin.score_all(state, a_pod("c"), nodes, [0, 1]) == [87, 100]
    known.claims.clear()
    a_claim(known)
    state, _ = asked(plugin, a_pod("c"), "n", "m")
    assert plugin.score_all(state, a_pod("c"), nodes, [0, 1]) == [0, 0]


def test_searches_for_one_pod_come_to_an_end(plugin, known, monkeypatch):
    monkeypatch.setattr(dynamic_resources, "MOST_STEPS", 2)
    a_slice(known, "n", "a")
    a_slice(known, "m", "a")
    a_claim(known)

    assert asked(plugin, a_pod("c"), "n", "m")[1] == ["", "node m: timed out trying to allocate devices"]


def test_changes_wake_the_pods_that_they_may_help(plugin, known, handle):
    plugin._objects.on_claim(a_claim(known), False)
    plugin._objects.on_claim(a_claim(known), True)
    plugin._objects.on_other()
    here, plain = a_pod("c"), {"metadata": {"namespace": "default"}, "spec": {}}
    there = {**a_pod("c"), "metadata": {"namespace": "other"}}

    assert [[helps(pod) for pod in (here, there, plain)] for helps in handle.woken] == [
        [True, False, False], [True, True, False], [True, True, False],
    ]  # fmt: skip
    plugin.stop()
    assert known.stopped


def asks(number, name="web"):
    found = a_pod(name=name)
    resources = {"requests": {"example.com/gpu": str(number)}}
    found["spec"]["containers"] = [{"name": "c", "resources": resources}]
    return found


@pytest.fixture
def extended(known):
    known.classes["gpu"]["spec"]["extendedResourceName"] = "example.com/gpu"


def test_pods_that_ask_for_a_vendors_resource_concern_it(plugin):
    assert plugin.concerns(asks(1)) and plugin.concerns(a_pod("c")) and not plugin.concerns(a_pod())


def test_an_extended_resource_of_no_class_is_left_to_the_scheduler(plugin):
    state, why = asked(plugin, asks(1), "n")

    assert why == [""] and UNCHECKED not in state


def test_a_pod_without_claims_is_left_to_the_scheduler_until_classes_are_known(plugin, known, extended):
    known.synced = False

    state, why = asked(plugin, asks(1), "n")

    assert why == [""] and UNCHECKED not in state


def test_an_extended_resource_of_a_class_is_had_on_nodes_with_such_devices(plugin, known, extended):
    a_slice(known, "n", "a", "b")
    a_slice(known, "m", "a")

    state, why = asked(plugin, asks(2), "n", "m")

    assert why == ["", "cannot allocate all claims"]
    assert state[UNCHECKED] == {"example.com/gpu"}


def test_a_claim_for_extended_resources_is_made_before_the_pod_is_bound(plugin, known, handle, extended):
    a_slice(known, "n", "a")
    state = reserved(plugin, asks(1), "n")
    assert asked(plugin, asks(1, "other"), "n")[1] == ["cannot allocate all claims"]

    assert plugin.pre_bind(state, asks(1), a_node("n")) == 0.0

    (claim,) = known.claims.values()
    assert claim["metadata"]["generateName"] == "web-extended-resources-"
    assert claim["status"]["allocation"]["devices"]["results"][0]["device"] == "a"
    assert claim["status"]["reservedFor"] == [{"resource": "pods", "name": "web", "uid": "uid-web"}]
    assert handle.statuses == [{"extendedResourceClaimStatus": {
        "resourceClaimName": "made", "requestMappings": [
            {"containerName": "c", "resourceName": "example.com/gpu", "requestName": "container-0-request-0"},
        ],
    }}]  # fmt: skip
    assert asked(plugin, asks(1, "other"), "n")[1] == ["cannot allocate all claims"]


@pytest.mark.parametrize("written", [True, False])
def test_devices_are_free_again_where_the_pod_was_not_bound(plugin, known, handle, extended, written):
    a_slice(known, "n", "a")
    state = reserved(plugin, asks(1), "n")
    if written:
        plugin.pre_bind(state, asks(1), a_node("n"))

    plugin.unreserve(state, asks(1), a_node("n"))
    handle.work()

    assert known.claims == {}
    assert asked(plugin, asks(1, "other"), "n")[1] == [""]


def test_a_claim_of_a_cycle_that_ended_is_removed_first(plugin, known, handle, extended):
    a_slice(known, "n", "a")
    plugin.pre_bind(reserved(plugin, asks(1), "n"), asks(1), a_node("n"))

    assert asked(plugin, asks(1))[1] == "cannot schedule extended resource claim"
    handle.work()

    assert known.claims == {}


def test_a_node_with_a_device_plugin_is_counted_and_gets_no_claim(plugin, known, extended):
    node = SimpleNamespace(
        name="n", pods=[asks(1, "there")],
        object={"metadata": {"name": "n"}, "status": {"allocatable": {"example.com/gpu": "2"}}},
    )  # fmt: skip
    state = {}
    assert plugin.pre_filter(state, asks(2), None) is None
    assert plugin.filter(state, asks(2), node).reason == "Insufficient example.com/gpu"
    assert plugin.pre_filter(state, asks(1), None) is None
    assert plugin.filter(state, asks(1), node) is None

    plugin.reserve(state, asks(1), node)
    assert plugin.pre_bind(state, asks(1), node) == 0.0

    assert known.claims == {}
