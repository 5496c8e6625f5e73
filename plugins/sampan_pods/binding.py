"""pods/binding and pods/eviction: the two ways others push a pod about."""

from __future__ import annotations

import time
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Call
from sampan.errors import BadRequest, Conflict
from sampan.objects.metadata import now_text, set_condition

SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def bind(call: Call) -> Any:
    """Assign the pod to a node, once. Source: core/v1 Binding."""
    binding = call.body()
    target = binding.get("target") or {}
    if target.get("kind") not in (None, "", "Node") or not target.get("name"):
        raise BadRequest("target: a Node with a name is required")
    node = target["name"]
    annotations = (binding.get("metadata") or {}).get("annotations") or {}
    uid = (binding.get("metadata") or {}).get("uid") or ""

    def assign(pod: Object) -> Object:
        where = f'pod {call.name} is already assigned to node "{pod["spec"].get("nodeName")}"'
        if uid and uid != pod["metadata"]["uid"]:
            raise Conflict(
                f"Precondition failed: UID in precondition: {uid}, UID in object meta: {pod['metadata']['uid']}",
                kind="pods/binding", name=call.name,
            )  # fmt: skip
        if pod["metadata"].get("deletionTimestamp"):
            raise Conflict(f"pod {call.name} is being deleted, cannot be assigned to a host", kind="pods/binding", name=call.name)
        if pod["spec"].get("nodeName"):
            raise Conflict(_refused(call.name, where), kind="pods/binding", name=call.name)
        if pod["spec"].get("schedulingGates"):
            raise Conflict(_refused(call.name, f"pod {call.name} has non-empty .spec.schedulingGates"), name=call.name)
        pod["spec"]["nodeName"] = node
        if annotations:
            pod["metadata"].setdefault("annotations", {}).update(annotations)
        pod.setdefault("status", {}).pop("nominatedNodeName", None)
        set_condition(pod["status"], "PodScheduled", "True", now=now_text(time.time()))
        return pod

    return call.change(assign, lambda pod: SUCCESS)


def _refused(name: str, why: str) -> str:
    return f'Operation cannot be fulfilled on pods/binding "{name}": {why}'


def evict(call: Call) -> Any:
    """Delete the pod as a drain does. PodDisruptionBudgets are not known yet (docs/compatibility.md)."""
    body = call.body()
    options = body.get("deleteOptions") or {}
    pod = call.target()
    uid = (options.get("preconditions") or {}).get("uid") or ""
    if not call.dry_run:
        call.cluster.delete(
            call.resource, call.name, call.namespace, grace=options.get("gracePeriodSeconds"),
            uid=uid or pod["metadata"]["uid"], user=call.user,
        )  # fmt: skip
    return SUCCESS
