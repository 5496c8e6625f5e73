"""Node life cycle: nodes without heartbeats become Unknown and are tainted, and their pods are evicted after their
tolerations.

Source: the documentation's pages on nodes and on taint-based eviction; upstream's default times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Emit, Key, Observed, Patch, Reconciler, Remove, Requeue, Watching
from sampan_machinery.metadata import condition_is, get_condition, now_text, observed_generation, parse_time
from sampan_machinery.resources import LEASES, NODES, PODS
from sampan_podspec.tolerations import tolerates

LEASE_NAMESPACE = "kube-node-lease"

GRACE = 50.0  # seconds of silence after which a node counts as unreachable, as upstream since 1.32
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
PRESSURES = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
OURS = {NOT_READY, UNREACHABLE, UNSCHEDULABLE, *PRESSURES.values()}


def decide_node(key: Key, seen: Observed, grace: float = GRACE) -> Iterator[Action]:
    """Conditions and taints of one node, from its lease and status."""
    node = seen.get(NODES, key.name)
    if node is None:
        return
    heard = last_heard(node, seen.get(LEASES, key.name, LEASE_NAMESPACE))
    silent_for = seen.now - heard
    ready = get_condition(node.get("status"), "Ready")
    status = ready["status"] if ready else "Unknown"
    if silent_for >= grace and status != "Unknown":
        yield Emit(node, "Normal", "NodeNotReady", f"Node {key.name} status is now: NodeNotReady")
        yield Patch(NODES, key.name, "", {"status": {"conditions": _unknown(node, seen.now)}}, subresource="status")
        status = "Unknown"
    elif silent_for < grace:
        yield Requeue(grace - silent_for + 0.1)
    wanted = wanted_taints(node, status)
    current = (node.get("spec") or {}).get("taints") or []
    taints = _merged(current, wanted, seen.now)
    if taints != current:
        yield Patch(
            NODES, key.name, "",
            {"metadata": {"resourceVersion": node["metadata"]["resourceVersion"]}, "spec": {"taints": taints}},
        )  # fmt: skip


def last_heard(node: Object, lease: Object | None) -> float:
    """Seconds since the epoch of the newest sign of life: lease, Ready heartbeat or creation."""
    times = [node["metadata"]["creationTimestamp"]]
    ready = get_condition(node.get("status"), "Ready")
    if ready and ready.get("lastHeartbeatTime"):
        times.append(ready["lastHeartbeatTime"])
    if lease and (lease.get("spec") or {}).get("renewTime"):
        times.append(lease["spec"]["renewTime"])
    return max(parse_time(time) for time in times)


def wanted_taints(node: Object, ready: str) -> set[tuple[str, str]]:
    """(key, effect) pairs that the node's state calls for."""
    wanted = set()
    if ready != "True":
        key = UNREACHABLE if ready == "Unknown" else NOT_READY
        wanted |= {(key, "NoSchedule"), (key, "NoExecute")}
    if (node.get("spec") or {}).get("unschedulable"):
        wanted.add((UNSCHEDULABLE, "NoSchedule"))
    for condition, key in PRESSURES.items():
        if condition_is(node.get("status"), condition):
            wanted.add((key, "NoSchedule"))
    return wanted


def _merged(current: Sequence[Object], wanted: set[tuple[str, str]], now: float) -> list[Object]:
    kept = [t for t in current if t["key"] not in OURS or (t["key"], t["effect"]) in wanted]
    have = {(t["key"], t["effect"]) for t in kept}
    fresh: list[Object] = []
    for key, effect in sorted(wanted - have):
        fresh.append({"key": key, "effect": effect, "timeAdded": now_text(now)})
    return [*kept, *fresh]


def _unknown(node: Object, now: float) -> list[Object]:
    conditions = []
    for condition in (node.get("status") or {}).get("conditions") or ():
        if (
            condition.get("type") in ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
            and condition.get("status") != "Unknown"
        ):
            condition = {
                **condition, "status": "Unknown", "reason": "NodeStatusUnknown",
                "message": "Kubelet stopped posting node status.", "lastTransitionTime": now_text(now),
            }  # fmt: skip
        conditions.append(condition)
    return conditions


def decide_pod(key: Key, seen: Observed) -> Iterator[Action]:
    """Evict a pod from a node whose NoExecute taints it does not tolerate, now or when its patience ends; remove what
    is left of pods whose node no longer exists."""
    pod = seen.get(PODS, key.name, key.namespace)
    if pod is None or not pod["spec"].get("nodeName"):
        return
    node = seen.get(NODES, pod["spec"]["nodeName"])
    uid = pod["metadata"]["uid"]
    if node is None:
        yield from _without_node(pod, seen.now)
        return
    yield from _unready(pod, node, seen.now)
    if pod["metadata"].get("deletionTimestamp"):
        return
    taints = [t for t in (node.get("spec") or {}).get("taints") or () if t.get("effect") == "NoExecute"]
    due = eviction_time(pod, taints, seen.now)
    if due is None:
        return
    if due > seen.now:
        yield Requeue(due - seen.now)
        return
    yield Emit(pod, "Normal", "TaintManagerEviction", f"Marking for deletion Pod {key.namespace}/{key.name}")
    condition = {
        "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint", "lastTransitionTime": now_text(seen.now),
        **observed_generation(pod),
    }  # fmt: skip
    yield Patch(PODS, key.name, key.namespace, {"status": {"conditions": [condition]}}, "strategic", "status")
    yield Remove(PODS, key.name, key.namespace, uid=uid)


def _unready(pod: Object, node: Object, now: float) -> Iterator[Action]:
    """The pods of a node without heartbeats count as not ready, so that Services send them no traffic."""
    ready, node_ready = get_condition(pod.get("status"), "Ready"), get_condition(node.get("status"), "Ready")
    if ready is None or ready["status"] != "True" or node_ready is None or node_ready["status"] != "Unknown":
        return
    condition = {
        "type": "Ready", "status": "False", "reason": "NodeNotReady", "message": "Node is not ready",
        "lastTransitionTime": now_text(now),
    }  # fmt: skip
    metadata = pod["metadata"]
    yield Emit(pod, "Warning", "NodeNotReady", "Node is not ready")
    yield Patch(
        PODS, metadata["name"], metadata["namespace"], {"status": {"conditions": [condition]}}, "strategic", "status"
    )


NODE_GONE_GRACE = 40.0  # seconds a node may be missing before its pods are given up, as upstream's quarantine


def _without_node(pod: Object, now: float) -> Iterator[Action]:
    since = parse_time(pod["metadata"]["creationTimestamp"])
    if now - since < NODE_GONE_GRACE:
        yield Requeue(NODE_GONE_GRACE - (now - since) + 0.1)
        return
    metadata = pod["metadata"]
    yield Remove(PODS, metadata["name"], metadata["namespace"], uid=metadata["uid"], grace=0)


def eviction_time(pod: Object, taints: Sequence[Object], now: float) -> float | None:
    """Seconds since the epoch when the pod has to go; None: it may stay for ever."""
    due: float | None = None
    for taint in taints:
        matching = [t for t in pod["spec"].get("tolerations") or () if tolerates(t, taint)]
        if not matching:
            return now
        limits = [t["tolerationSeconds"] for t in matching if t.get("tolerationSeconds") is not None]
        if not limits:
            continue
        since = parse_time(taint["timeAdded"]) if taint.get("timeAdded") else now
        when = since + max(0, min(limits))
        due = when if due is None else min(due, when)
    return due


def no_node_of_lease(lease: Object, seen: Observed) -> Sequence[Key]:
    """None: leases are read when a node's silence would be too long, which its last decision has asked to be woken for.
    Five thousand nodes renew five hundred leases a second, and none of these changes anything."""
    return ()


class PodsByNode:
    """The keys of the pods on each node, for the watches of a reconciler of pods: a node that fails concerns its own
    pods, and thousands fail at the same time where a network does."""

    def __init__(self) -> None:
        self._pods: dict[str, set[Key]] = {}

    def of_pod(self, pod: Object, seen: Observed) -> Sequence[Key]:
        key, name = Key(pod["metadata"]["namespace"], pod["metadata"]["name"]), pod["spec"].get("nodeName")
        present = seen.get(PODS, key.name, key.namespace)
        if name and present is not None and present["spec"].get("nodeName") == name:
            self._pods.setdefault(name, set()).add(key)
        elif name and name in self._pods:
            self._pods[name].discard(key)
            if not self._pods[name]:
                del self._pods[name]
        return (key,)

    def of_node(self, node: Object, seen: Observed) -> Sequence[Key]:
        """None where no pod has to be evicted: most events of nodes are heartbeats."""
        name = node["metadata"]["name"]
        present = seen.get(NODES, name)
        if present is not None and not _drives_out(present) and not _drives_out(node):
            return ()
        return list(self._pods.get(name, ()))


def _drives_out(node: Object) -> bool:
    return any(taint.get("effect") == "NoExecute" for taint in (node.get("spec") or {}).get("taints") or ())


def reconcilers(grace: float = GRACE) -> list[Reconciler]:
    """The two halves: nodes, and the pods on them."""
    pods = PodsByNode()
    return [
        Reconciler(
            name="nodelifecycle",
            primary=NODES,
            watches=(Watching(LEASES, no_node_of_lease),),
            decide=partial(decide_node, grace=grace),
        ),
        Reconciler(
            name="tainteviction",
            primary=PODS,
            watches=(Watching(PODS, pods.of_pod), Watching(NODES, pods.of_node)),
            decide=decide_pod,
        ),
    ]
