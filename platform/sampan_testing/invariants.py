"""What must hold at every moment of a simulation, and at its end.

Each invariant is told of every change as an informer would be, in order and without delay: ``changed(kind, old, new)``,
and at the end asked for what is wrong with what is left: ``ended(objects)``. Both return a sentence, or "".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import condition_is

Key = tuple[str, str]
State = Mapping[str, Mapping[Key, Object]]  # objects by kind and (namespace, name)


class Invariant(Protocol):
    name: str

    def changed(self, kind: str, old: Object | None, new: Object | None, state: State) -> str: ...

    def ended(self, state: State) -> str: ...


class OneOrdinalOnce:
    """No pod of a StatefulSet is replaced while its node may still run it: only its node's agent ends a running pod."""

    name = "never two pods of one StatefulSet ordinal"

    def __init__(self) -> None:
        self.ended_by_agent: set[Key] = set()  # addresses of pods that an agent has removed, or a user by force

    def changed(self, kind: str, old: Object | None, new: Object | None, state: State) -> str:
        if kind != "Pod" or old is None or new is not None or controller(old)[0] != "StatefulSet":
            return ""
        place = key_of(old)
        by_agent = place in self.ended_by_agent
        self.ended_by_agent.discard(place)
        running = old["spec"].get("nodeName") and (old.get("status") or {}).get("phase") in ("Running", "Pending")
        if running and not by_agent:
            return f"pod {'/'.join(place)} was removed while node {old['spec']['nodeName']} may run it"
        return ""

    def ended(self, state: State) -> str:
        return ""


class Surge:
    """The ReplicaSets of a Deployment never want more pods together than replicas and maxSurge allow."""

    name = "never above maxSurge"

    def __init__(self) -> None:
        self._bounds: dict[str, int] = {}

    def changed(self, kind: str, old: Object | None, new: Object | None, state: State) -> str:
        if kind == "Deployment" and new is not None:
            uid = new["metadata"]["uid"]
            self._bounds[uid] = max(self._bounds.get(uid, 0), most(new))
        if kind != "ReplicaSet" or new is None or controller(new)[0] != "Deployment":
            return ""
        owner = state["Deployment"].get((new["metadata"]["namespace"], controller(new)[1]))
        if owner is None or owner["metadata"]["uid"] != controller(new)[2]:
            return ""
        wanted = sum(each["spec"].get("replicas", 1) for each in owned(state, "ReplicaSet", owner))
        uid, bound = owner["metadata"]["uid"], most(owner)
        if wanted <= bound:
            self._bounds[uid] = bound  # a smaller bound holds once it has been reached
        if wanted > self._bounds.get(uid, bound) and wanted > bound and grew(old, new):
            return f"the ReplicaSets of deployment {owner['metadata']['name']} want {wanted} pods, {bound} are allowed"
        return ""

    def ended(self, state: State) -> str:
        return ""


class Unavailable:
    """A Deployment's rollout never takes away so many available pods that fewer than replicas less maxUnavailable are
    left. Only for scripts in which nothing else takes pods away and informers are not behind."""

    name = "never below maxUnavailable"

    def changed(self, kind: str, old: Object | None, new: Object | None, state: State) -> str:
        if kind != "ReplicaSet" or new is None or old is None or controller(new)[0] != "Deployment":
            return ""
        lower = new["spec"].get("replicas", 1) < old["spec"].get("replicas", 1)
        owner = state["Deployment"].get((new["metadata"]["namespace"], controller(new)[1]))
        if not lower or owner is None or owner["metadata"]["uid"] != controller(new)[2]:
            return ""
        left, shares = 0, []
        for each in owned(state, "ReplicaSet", owner):
            ready = sum(1 for pod in owned(state, "Pod", each) if is_ready(pod))
            left += min(ready, each["spec"].get("replicas", 1))
            shares.append(f"{each['metadata']['name']} {each['spec'].get('replicas', 1)}, {ready} ready")
        before = (old.get("status") or {}).get("availableReplicas", 0)
        if before <= new["spec"].get("replicas", 1):
            return ""  # only pods that were not available are taken away
        if left < least(owner):
            found = f"{left} available pods, {least(owner)} are needed ({'; '.join(shares)})"
            return f"deployment {owner['metadata']['name']} is left with {found}"
        return ""

    def ended(self, state: State) -> str:
        return ""


class Quota:
    """A namespace never holds more pods than its ResourceQuota allows."""

    name = "quota never exceeded"

    def changed(self, kind: str, old: Object | None, new: Object | None, state: State) -> str:
        if kind != "Pod" or old is not None or new is None:
            return ""
        namespace = new["metadata"]["namespace"]
        limits = [
            int(quota["spec"]["hard"]["pods"])
            for (where, _), quota in state["ResourceQuota"].items()
            if where == namespace and "pods" in (quota["spec"].get("hard") or {})
        ]
        count = sum(
            1
            for (where, _), pod in state["Pod"].items()
            if where == namespace and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
        )
        if limits and count > min(limits):
            return f"namespace {namespace} holds {count} pods, {min(limits)} are allowed"
        return ""

    def ended(self, state: State) -> str:
        return ""


class Orphans:
    """In the end every object with a controller has that controller."""

    name = "no orphan"

    def changed(self, kind: str, old: Object | None, new: Object | None, state: State) -> str:
        return ""

    def ended(self, state: State) -> str:
        uids = {obj["metadata"]["uid"] for found in state.values() for obj in found.values()}
        for kind, found in state.items():
            for place, obj in found.items():
                owner = controller(obj)
                if owner[2] and owner[0] in state and owner[2] not in uids:
                    return f"{kind} {'/'.join(place)} has no {owner[0]} {owner[1]} any more"
        return ""


class Finalizers:
    """In the end nothing waits to be deleted."""

    name = "no finalizer leak"

    def changed(self, kind: str, old: Object | None, new: Object | None, state: State) -> str:
        return ""

    def ended(self, state: State) -> str:
        for kind, found in state.items():
            for place, obj in found.items():
                if obj["metadata"].get("deletionTimestamp"):
                    held = ", ".join(obj["metadata"].get("finalizers") or ()) or "nothing"
                    return f"{kind} {'/'.join(place)} is not gone; it is held by {held}"
        return ""


class Converged:
    """In the end every workload has what it asks for."""

    name = "every seed converges"

    def changed(self, kind: str, old: Object | None, new: Object | None, state: State) -> str:
        return ""

    def ended(self, state: State) -> str:
        for kind in ("Deployment", "ReplicaSet", "StatefulSet"):
            for place, obj in state.get(kind, {}).items():
                wanted, status = obj["spec"].get("replicas", 1), obj.get("status") or {}
                pods = [pod for pod in _pods(state, kind, obj) if not pod["metadata"].get("deletionTimestamp")]
                ready = sum(1 for pod in pods if is_ready(pod))
                if (len(pods), ready, status.get("readyReplicas", 0)) != (wanted, wanted, wanted):
                    found = f"{len(pods)} pods, {ready} ready, status.readyReplicas {status.get('readyReplicas', 0)}"
                    return f"{kind} {'/'.join(place)} wants {wanted} pods and has {found}"
                if status.get("observedGeneration") != obj["metadata"]["generation"]:
                    return f"{kind} {'/'.join(place)} was not observed in its last generation"
        for place, obj in state.get("DaemonSet", {}).items():
            status, nodes = obj.get("status") or {}, len(state.get("Node", {}))
            ready = sum(1 for pod in owned(state, "Pod", obj) if is_ready(pod))
            if (ready, status.get("numberReady")) != (nodes, nodes):
                return f"DaemonSet {'/'.join(place)} has {ready} ready pods on {nodes} nodes, status {status}"
        for place, obj in state.get("Job", {}).items():
            status, wanted = obj.get("status") or {}, obj["spec"].get("completions", 1)
            ended = condition_is(status, "Complete") or condition_is(status, "Failed")
            if not ended or status.get("uncountedTerminatedPods"):
                return f"Job {'/'.join(place)} has not ended: {status}"
            if condition_is(status, "Complete") and status.get("succeeded") != wanted:
                return f"Job {'/'.join(place)} counts {status.get('succeeded')} pods, {wanted} were to succeed"
        return ""


def _pods(state: State, kind: str, obj: Object) -> list[Object]:
    if kind != "Deployment":
        return owned(state, "Pod", obj)
    return [pod for each in owned(state, "ReplicaSet", obj) for pod in owned(state, "Pod", each)]


class Budgets:
    """An eviction that is granted leaves as many healthy pods as the PodDisruptionBudget demands. Told of evictions by
    the script; only for scripts in which nothing but evictions takes pods away."""

    name = "never below a PodDisruptionBudget through evictions"

    def changed(self, kind: str, old: Object | None, new: Object | None, state: State) -> str:
        return ""

    def ended(self, state: State) -> str:
        return ""

    def evicted(self, place: Key, state: State) -> str:
        for (namespace, name), budget in state["PodDisruptionBudget"].items():
            labels = budget["spec"]["selector"]["matchLabels"]
            pods = [
                pod
                for (where, _), pod in state["Pod"].items()
                if where == namespace and labels.items() <= (pod["metadata"].get("labels") or {}).items()
            ]
            if place[0] != namespace or place not in [key_of(pod) for pod in pods]:
                continue
            healthy = sum(1 for pod in pods if is_ready(pod) and key_of(pod) != place and not leaves(pod))
            if healthy < budget["spec"]["minAvailable"]:
                return f"the eviction of {'/'.join(place)} leaves {healthy} healthy pods to budget {name}"
        return ""


def standard() -> list[Invariant]:
    """Those that hold in every script."""
    return [OneOrdinalOnce(), Surge(), Quota(), Orphans(), Finalizers(), Converged()]


def key_of(obj: Object) -> Key:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def controller(obj: Object) -> tuple[str, str, str]:
    """Kind, name and uid of the controller; empty without one."""
    for each in obj["metadata"].get("ownerReferences") or ():
        if each.get("controller"):
            return each["kind"], each["name"], each["uid"]
    return "", "", ""


def owned(state: State, kind: str, owner: Object) -> list[Object]:
    uid = owner["metadata"]["uid"]
    return [obj for obj in state.get(kind, {}).values() if controller(obj)[2] == uid]


def is_ready(pod: Object) -> bool:
    return condition_is(pod.get("status"), "Ready") and not leaves(pod)


def leaves(pod: Object) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def grew(old: Object | None, new: Object) -> bool:
    return old is None or new["spec"].get("replicas", 1) > old["spec"].get("replicas", 1)


def most(deployment: Object) -> int:
    spec = deployment["spec"]
    rolling = (spec.get("strategy") or {}).get("rollingUpdate") or {}
    return int(spec.get("replicas", 1)) + _share(rolling.get("maxSurge", "25%"), spec.get("replicas", 1), up=True)


def least(deployment: Object) -> int:
    spec = deployment["spec"]
    rolling = (spec.get("strategy") or {}).get("rollingUpdate") or {}
    return int(spec.get("replicas", 1)) - _share(
        rolling.get("maxUnavailable", "25%"), spec.get("replicas", 1), up=False
    )


def _share(value: int | str, of: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    hundredths = int(value.removesuffix("%")) * of
    return -(-hundredths // 100) if up else hundredths // 100
