"""An object in words: what a person asks first, before the YAML. Pure.

Each function returns (label, text) pairs; an unknown kind has what every object has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sampan_dashboard.health import health, waiting
from sampan_machinery.tables import age

Object = Mapping[str, Any]
Pairs = Iterable[tuple[str, str]]
SHOWN_KEYS = 200


class Container(NamedTuple):
    name: str
    image: str
    state: str
    tone: str
    restarts: int
    last: str  # how it ended before


def sentence(obj: Object, now: float) -> str:
    """One sentence: what it is, how it is, since when."""
    metadata = obj.get("metadata") or {}
    state = health(obj).words
    where = f" in {metadata['namespace']}" if metadata.get("namespace") else ""
    old = age(metadata.get("creationTimestamp"), now)
    return f"{obj.get('kind')} {metadata.get('name')}{where}: {state or 'exists'}, {old} old."


def facts(obj: Object) -> list[tuple[str, str]]:
    found = KINDS.get(str(obj.get("kind") or ""), nothing)(obj)
    return [(label, text) for label, text in found if text]


def nothing(obj: Object) -> Pairs:
    return ()


def pod(obj: Object) -> Pairs:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    yield "Node", str(spec.get("nodeName") or "")
    yield "IP", ", ".join(str(each.get("ip")) for each in status.get("podIPs") or ()) or str(status.get("podIP") or "")
    yield "Service account", str(spec.get("serviceAccountName") or "")
    yield "QoS class", str(status.get("qosClass") or "")
    yield "Priority", str(spec.get("priorityClassName") or "")
    yield "Why", why(obj)


def why(obj: Object) -> str:
    """What a pod that is not well says: why it waits, how its containers ended, which conditions do not hold."""
    status = obj.get("status") or {}
    messages = [str(status.get("message") or "")]
    for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        for state in (each.get("state") or {}, each.get("lastState") or {}):
            for part in ("waiting", "terminated"):
                found = state.get(part) or {}
                if found.get("message"):
                    messages.append(f"{each.get('name')}: {found['message']}")
                elif found.get("exitCode"):
                    messages.append(f"{each.get('name')}: exit code {found['exitCode']} ({found.get('reason') or ''})")
    if waiting(status) or status.get("phase") in ("Failed", "Pending"):
        messages += [
            str(each.get("message") or "") for each in status.get("conditions") or () if each.get("status") == "False"
        ]
        return "; ".join(dict.fromkeys(message for message in messages if message))
    return ""


def containers(obj: Object) -> list[Container]:
    """Of a pod, with their state; of a pod template, without."""
    spec = obj.get("spec") or {}
    template = spec if obj.get("kind") == "Pod" else _template(spec)
    status = obj.get("status") or {}
    states = {
        each.get("name"): each
        for part in ("initContainerStatuses", "containerStatuses")
        for each in (status.get(part) or () if obj.get("kind") == "Pod" else ())
    }
    return [
        _container(each, states.get(each.get("name")) or {})
        for part in ("initContainers", "containers")
        for each in template.get(part) or ()
    ]


def _template(spec: Object) -> Object:
    inner = spec.get("jobTemplate") or {}
    found = (inner.get("spec") or spec).get("template") or {}
    return (found.get("spec") or {}) if isinstance(found, dict) else {}


def _container(each: Object, status: Object) -> Container:
    state = status.get("state") or {}
    words, tone = "", ""
    if "running" in state:
        words, tone = ("Running", "good") if status.get("ready") else ("Running, not ready", "warn")
    elif "waiting" in state:
        words, tone = str((state["waiting"] or {}).get("reason") or "Waiting"), "bad"
        tone = "warn" if words in ("ContainerCreating", "PodInitializing") else "bad"
    elif ended := state.get("terminated"):
        words, tone = _ended(ended), "bad" if ended.get("exitCode") else "good"
    last = (status.get("lastState") or {}).get("terminated")
    return Container(
        str(each.get("name")), str(each.get("image") or ""), words, tone, int(status.get("restartCount") or 0),
        _ended(last) if last else "",
    )  # fmt: skip


def _ended(state: Object) -> str:
    return f"{state.get('reason') or 'Ended'}, exit code {state.get('exitCode', 0)}"


def workload(obj: Object) -> Pairs:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if "replicas" in spec:
        yield "Replicas", f"{status.get('readyReplicas') or 0} of {spec['replicas']} ready"
        yield "Up to date", str(status.get("updatedReplicas") or 0)
    if "desiredNumberScheduled" in status:
        yield "Nodes", f"{status.get('numberReady') or 0} of {status['desiredNumberScheduled']} ready"
    strategy = spec.get("strategy") or spec.get("updateStrategy") or {}
    yield "Strategy", str(strategy.get("type") or "")
    yield "Paused", "yes" if spec.get("paused") else ""
    yield "Schedule", str(spec.get("schedule") or "")
    yield "Suspended", "yes" if spec.get("suspend") else ""
    if obj.get("kind") == "Job":
        yield "Completions", f"{status.get('succeeded') or 0} of {spec.get('completions') or 1}"


def service(obj: Object) -> Pairs:
    spec = obj.get("spec") or {}
    yield "Type", str(spec.get("type") or "")
    yield "Cluster IP", ", ".join(spec.get("clusterIPs") or ())
    yield "External name", str(spec.get("externalName") or "")
    yield "Ports", ", ".join(_port(each) for each in spec.get("ports") or ())
    points = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    yield "Load balancer", ", ".join(str(each.get("ip") or each.get("hostname")) for each in points)


def _port(each: Object) -> str:
    outside = f" (node {each['nodePort']})" if each.get("nodePort") else ""
    return f"{each.get('port')}→{each.get('targetPort')}/{each.get('protocol') or 'TCP'}{outside}"


def ingress(obj: Object) -> Pairs:
    spec = obj.get("spec") or {}
    yield "Class", str(spec.get("ingressClassName") or "")
    rules = spec.get("rules") or ()
    yield "Hosts", ", ".join(str(rule.get("host") or "*") for rule in rules)
    yield "TLS", ", ".join(str(each.get("secretName") or "") for each in spec.get("tls") or ())


def node(obj: Object) -> Pairs:
    status = obj.get("status") or {}
    info, allocatable = status.get("nodeInfo") or {}, status.get("allocatable") or {}
    yield "Addresses", ", ".join(f"{each.get('address')}" for each in status.get("addresses") or ())
    yield "Version", str(info.get("kubeletVersion") or "")
    yield "Runtime", str(info.get("containerRuntimeVersion") or "")
    yield "System", " ".join(str(info.get(key) or "") for key in ("osImage", "architecture")).strip()
    yield (
        "Allocatable",
        ", ".join(f"{key} {allocatable[key]}" for key in ("cpu", "memory", "pods") if key in allocatable),
    )
    taints = (obj.get("spec") or {}).get("taints") or ()
    yield "Taints", ", ".join(f"{each.get('key')}:{each.get('effect')}" for each in taints)


def keys(obj: Object) -> Pairs:
    """Names and sizes; the values of a Secret are not shown here."""
    found = [*(obj.get("data") or {}), *(obj.get("binaryData") or {})]
    yield "Type", str(obj.get("type") or "")
    yield "Keys", ", ".join(map(str, found[:SHOWN_KEYS])) or "none"


def claim(obj: Object) -> Pairs:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    yield "Volume", str(spec.get("volumeName") or "")
    yield "Class", str(spec.get("storageClassName") or "")
    yield "Capacity", str((status.get("capacity") or spec.get("capacity") or {}).get("storage") or "")
    yield "Access modes", ", ".join(spec.get("accessModes") or ())


def binding(obj: Object) -> Pairs:
    role = obj.get("roleRef") or {}
    yield "Role", f"{role.get('kind')} {role.get('name')}"
    for each in obj.get("subjects") or ():
        where = f" in {each['namespace']}" if each.get("namespace") else ""
        yield "Subject", f"{each.get('kind')} {each.get('name')}{where}"


KINDS: Mapping[str, Callable[[Object], Pairs]] = {
    "Pod": pod,
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"), workload),
    "Service": service,
    "Ingress": ingress,
    "Node": node,
    "ConfigMap": keys,
    "Secret": keys,
    "PersistentVolumeClaim": claim,
    "PersistentVolume": claim,
    "RoleBinding": binding,
    "ClusterRoleBinding": binding,
}
