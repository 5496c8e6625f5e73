"""A pod that has no node. Which node refuses it and why is the scheduler's to say: its plugin adds it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects import claims
from sampan_explain.subjects.said import condition_fact, flag, listed, namespace_of, one_line, ref, sentence, since
from sampan_machinery.metadata import get_condition, get_path
from sampan_machinery.resources import NODES, PERSISTENT_VOLUME_CLAIMS
from sampan_podspec.claims import ephemeral_claim

_SLOW = 10.0  # seconds after which a scheduler that runs would have said something


def explain(pod: Object, objects: Objects) -> Iterator[Cause]:
    name, where = pod["metadata"]["name"], flag(namespace_of(pod))
    gates = [gate["name"] for gate in pod["spec"].get("schedulingGates") or ()]
    if gates:
        yield Cause(
            reason="SchedulingGated", text=f"It is not scheduled until its scheduling gates are removed: "
            f"{listed(gates)}.",
            facts=(f"spec.schedulingGates: {listed(gates)}",), commands=(f"kubectl edit pod {name}{where}",),
        )  # fmt: skip
        return
    yield from _claims(pod, objects)
    scheduled = get_condition(pod.get("status"), "PodScheduled")
    if scheduled is not None and scheduled["status"] == "False":
        yield _refused(pod, scheduled, objects)
    elif since(pod["metadata"].get("creationTimestamp"), objects.now) > _SLOW:
        yield _unseen(pod)


def _refused(pod: Object, scheduled: Object, objects: Objects) -> Cause:
    message = one_line(scheduled.get("message"), 600)
    nodes = objects.list(NODES)
    if not nodes and objects.is_known(NODES):
        return Cause(
            reason="NoNodes", text="The cluster has no node.", facts=(condition_fact(scheduled),),
            commands=("sampan doctor", "kubectl get nodes"),
        )  # fmt: skip
    return Cause(
        reason=scheduled.get("reason") or "Unschedulable", text=f"No node will take it: {sentence(message)}",
        facts=(condition_fact(scheduled),), commands=tuple(_ways_out(pod, message)),
    )  # fmt: skip


def _ways_out(pod: Object, message: str) -> Iterator[str]:
    """By the words that the scheduler's plugins use, the same in upstream's."""
    name, where = pod["metadata"]["name"], flag(namespace_of(pod))
    if "Insufficient" in message or "Too many pods" in message:
        yield "kubectl describe nodes  # Allocated resources"
        yield _change(pod, "requests")
    if "untolerated taint" in message:
        yield "kubectl get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints"
    if "affinity/selector" in message or "node selector" in message:
        yield "kubectl get nodes --show-labels"
    if "unschedulable" in message:
        yield "kubectl uncordon NODE"
    if "free ports" in message:
        yield f"kubectl get pods -A -o wide --field-selector=spec.nodeName=NODE  # hostPort {_host_ports(pod)}"
    if "topology spread" in message or "anti-affinity" in message or "pod affinity" in message:
        yield f"kubectl get pod {name}{where} -o yaml  # topologySpreadConstraints, affinity"


def _change(pod: Object, what: str) -> str:
    owner = next((each for each in pod["metadata"].get("ownerReferences") or () if each.get("controller")), None)
    if owner is None:
        return f"kubectl get pod {pod['metadata']['name']}{flag(namespace_of(pod))} -o yaml  # {what}"
    where = flag(namespace_of(pod))
    return f"kubectl set resources {owner['kind'].lower()} {owner['name']}{where} --{what}=cpu=…,memory=…"


def _host_ports(pod: Object) -> str:
    ports = [port.get("hostPort") for each in pod["spec"]["containers"] for port in each.get("ports") or ()]
    return listed(str(port) for port in ports if port)


def _unseen(pod: Object) -> Cause:
    wanted = pod["spec"].get("schedulerName") or "default-scheduler"
    fact = "there is no condition PodScheduled: no scheduler has looked at it"
    if wanted != "default-scheduler":
        return Cause(
            reason="NoSuchScheduler", text=f"It waits for a scheduler called {wanted}, and none has looked at it.",
            facts=(f"spec.schedulerName is {wanted}", fact),
            commands=(f"kubectl get pods -A | grep {wanted}",),
        )  # fmt: skip
    return Cause(
        reason="NoScheduler", text="No scheduler has looked at it: the scheduler does not run.", facts=(fact,),
        commands=("sampan status", "kubectl get leases -n kube-system"),
    )  # fmt: skip


def _claims(pod: Object, objects: Objects) -> Iterator[Cause]:
    """Claims that do not exist or are not bound, with their own causes; one that waits for this pod is none."""
    namespace = namespace_of(pod)
    for volume in pod["spec"].get("volumes") or ():
        name = get_path(volume, "persistentVolumeClaim", "claimName", default="")
        made = "ephemeral" in volume
        name = ephemeral_claim(pod["metadata"]["name"], volume["name"]) if made else name
        if not name:
            continue
        claim = objects.get(PERSISTENT_VOLUME_CLAIMS, name, namespace)
        if claim is None and objects.is_known(PERSISTENT_VOLUME_CLAIMS, namespace, name):
            yield Cause(
                reason="ClaimMissing",
                text=f"Its volume {volume['name']} needs the claim {name}, which does not exist.",
                facts=(f"spec.volumes[{volume['name']}] names persistentvolumeclaim/{name}",),
                commands=(f"kubectl get pvc{flag(namespace)}",), about=f"persistentvolumeclaim/{name}",
            )  # fmt: skip
        elif claim is not None:
            for cause in claims.explain(claim, objects):
                if not cause.note:
                    yield cause.of(ref(claim))
