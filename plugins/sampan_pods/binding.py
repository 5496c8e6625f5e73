"""pods/binding: assigning a pod to a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Call
from sampan.errors import Conflict
from sampan_machinery import names, problems
from sampan_machinery.metadata import now_text, set_condition
from sampan_machinery.validation import by_rule

SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def bind(call: Call) -> Any:
    """Assign the pod to a node, once. Source: core/v1 Binding."""
    return call.change(assignment(call.body(), call.name, call.cluster.now), lambda pod: SUCCESS)


def assignment(binding: Object, name: str, clock: Callable[[], float]) -> Callable[[Object], Object]:
    """The change that assigns the pod; raises Invalid for a binding that names no node."""
    node = _target(binding, name)
    metadata = binding.get("metadata") or {}

    def assign(pod: Object) -> Object:
        _check_bindable(pod, metadata.get("uid") or "")
        pod["spec"]["nodeName"] = node
        if metadata.get("annotations"):
            pod["metadata"].setdefault("annotations", {}).update(metadata["annotations"])
        pod.setdefault("status", {}).pop("nominatedNodeName", None)
        set_condition(pod["status"], "PodScheduled", "True", now=now_text(clock()))
        return pod

    return assign


def _target(binding: Object, name: str) -> str:
    """The node's name; raises Invalid."""
    target = binding.get("target") or {}
    found = []
    if target.get("kind") not in (None, "", "Node"):
        found.append(problems.unsupported("target.kind", target["kind"], ("Node", "<empty>")))
    if not target.get("name"):
        found.append(problems.required("target.name"))
    else:
        found += by_rule("target.name", target["name"], names.dns_subdomain)
    if found:
        raise problems.as_error(found, group="", kind="Binding", name=name)
    return str(target["name"])


def _check_bindable(pod: Object, uid: str) -> None:
    """Raises Conflict."""
    name, node = pod["metadata"]["name"], pod["spec"].get("nodeName")
    why = ""
    if uid and uid != pod["metadata"]["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {pod['metadata']['uid']}"
    elif pod["metadata"].get("deletionTimestamp"):
        why = f"pod {name} is being deleted, cannot be assigned to a host"
    elif node:
        why = f'pod {name} is already assigned to node "{node}"'
    elif pod["spec"].get("schedulingGates"):
        why = f"pod {name} has non-empty .spec.schedulingGates"
    if why:
        message = f'Operation cannot be fulfilled on pods/binding "{name}": {why}'
        raise Conflict(message, kind="pods/binding", name=name)
