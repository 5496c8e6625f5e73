"""A Node that is not ready, short of something, or closed to pods. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects.said import age, condition_fact, sentence, since
from sampan_machinery.metadata import get_condition, parse_time
from sampan_machinery.resources import LEASES

_PRESSURES = {"MemoryPressure": "memory", "DiskPressure": "disk space", "PIDPressure": "process ids"}
LEASE_NAMESPACE = "kube-node-lease"


def state(node: Object) -> str:
    ready = get_condition(node.get("status"), "Ready") or {}
    said = {"True": "Ready", "False": "NotReady"}.get(ready.get("status", ""), "Unknown")
    return f"{said}, cordoned" if node["spec"].get("unschedulable") else said


def explain(node: Object, objects: Objects) -> Iterator[Cause]:
    name, status = node["metadata"]["name"], node.get("status") or {}
    ready = get_condition(status, "Ready")
    if ready is None:
        yield Cause(
            reason="NeverReady", text="No node agent has ever reported for it.",
            facts=("there is no condition Ready",), commands=("sampan node",),
        )  # fmt: skip
    elif ready["status"] == "Unknown":
        yield _silent(node, ready, objects)
    elif ready["status"] == "False":
        yield Cause(
            reason="NodeNotReady", text=f"Its agent reports that it is not ready: {sentence(ready.get('message'))}",
            facts=(condition_fact(ready),), commands=("sampan doctor", "sampan logs node"),
        )  # fmt: skip
    for kind, what in _PRESSURES.items():
        found = get_condition(status, kind)
        if found is not None and found["status"] == "True":
            yield Cause(
                reason=kind, text=f"It is short of {what}: pods are evicted, and no new ones are sent to it.",
                facts=(condition_fact(found),), commands=(f"kubectl describe node {name}", "kubectl top pods -A"),
            )  # fmt: skip
    network = get_condition(status, "NetworkUnavailable")
    if network is not None and network["status"] == "True":
        yield Cause(
            reason="NetworkUnavailable", text=f"Its pod network is not set up: {sentence(network.get('message'))}",
            facts=(condition_fact(network),), commands=(f"kubectl describe node {name}",),
        )  # fmt: skip
    if node["spec"].get("unschedulable"):
        yield Cause(
            reason="Cordoned", text="It is cordoned: it runs what it has and takes no new pods.",
            facts=("spec.unschedulable is true",), commands=(f"kubectl uncordon {name}",), note=True,
        )  # fmt: skip


def _silent(node: Object, ready: Object, objects: Objects) -> Cause:
    name = node["metadata"]["name"]
    lease = objects.get(LEASES, name, LEASE_NAMESPACE)
    renewed = ((lease or {}).get("spec") or {}).get("renewTime")
    facts = [condition_fact(ready)]
    if renewed:
        facts.append(f"its lease was renewed {age(since(renewed, objects.now))} ago ({renewed})")
    elif ready.get("lastHeartbeatTime"):
        facts.append(f"last heartbeat {age(objects.now - parse_time(ready['lastHeartbeatTime']))} ago")
    return Cause(
        reason="NodeSilent",
        text="Its agent has stopped reporting: the machine is off, cut from the network, or the agent does not run.",
        facts=tuple(facts), commands=("sampan status", "sampan logs node", f"kubectl delete node {name}  # if "
        "gone for good"),
    )  # fmt: skip
