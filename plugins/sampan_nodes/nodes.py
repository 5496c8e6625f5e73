"""The kind Node: defaults, columns, rules. Source: core/v1 API reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Column, Draft, Kind, Object, Problem
from sampan.objects import problems

ROLE = "node-role.kubernetes.io/"
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def prepare(draft: Draft) -> None:
    """A status that names capacity without allocatable means both, as upstream has it."""
    status = draft.object.get("status") or {}
    if status.get("capacity") and not status.get("allocatable"):
        status["allocatable"] = dict(status["capacity"])


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    seen = set()
    for index, taint in enumerate(spec.get("taints") or ()):
        path = f"spec.taints[{index}]"
        if not taint.get("key"):
            yield problems.required(f"{path}.key")
        if taint.get("effect") not in EFFECTS:
            yield problems.unsupported(f"{path}.effect", taint.get("effect") or "", EFFECTS)
        if (taint.get("key"), taint.get("effect")) in seen:
            yield problems.duplicate(path, {k: taint[k] for k in ("key", "effect") if k in taint})
        seen.add((taint.get("key"), taint.get("effect")))
    if old is not None:
        for name in ("podCIDR", "providerID"):
            before = (old.get("spec") or {}).get(name)
            if before and before != spec.get(name):
                yield problems.forbidden(f"spec.{name}", "node updates may not change this field once it is set")


def status_text(node: Object) -> str:
    """Ready, NotReady or Unknown, and whether it is cordoned."""
    ready = next((c for c in (node.get("status") or {}).get("conditions") or () if c["type"] == "Ready"), None)
    word = "Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"
    return f"{word},SchedulingDisabled" if (node.get("spec") or {}).get("unschedulable") else word


def roles_text(node: Object) -> str:
    labels = node["metadata"].get("labels") or {}
    roles = {label[len(ROLE) :] for label in labels if label.startswith(ROLE)} - {""}
    if labels.get("kubernetes.io/role"):
        roles.add(labels["kubernetes.io/role"])
    return ",".join(sorted(roles)) or "<none>"


def _address(kind: str) -> Any:
    def cell(node: Object) -> str:
        found = ((node.get("status") or {}).get("addresses")) or ()
        return next((a["address"] for a in found if a["type"] == kind), "<none>")

    return cell


def _info(key: str) -> Any:
    def cell(node: Object) -> str:
        return ((node.get("status") or {}).get("nodeInfo") or {}).get(key) or "<unknown>"

    return cell


NODE = Kind(
    group="", version="v1", kind="Node", plural="nodes", short_names=("no",), namespaced=False,
    status=True, status_on_create=True, prepare=prepare, validate=validate,
    fields={"spec.unschedulable": lambda obj: str(bool((obj.get("spec") or {}).get("unschedulable"))).lower()},
    columns=(
        Column("Name", lambda obj: obj["metadata"]["name"], format="name"),
        Column("Status", status_text),
        Column("Roles", roles_text),
        Column("Age", lambda obj: obj["metadata"].get("creationTimestamp"), type="date"),
        Column("Version", lambda obj: ((obj.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion") or ""),
        Column("Internal-IP", _address("InternalIP"), priority=1),
        Column("External-IP", _address("ExternalIP"), priority=1),
        Column("OS-Image", _info("osImage"), priority=1),
        Column("Kernel-Version", _info("kernelVersion"), priority=1),
        Column("Container-Runtime", _info("containerRuntimeVersion"), priority=1),
    ),
)  # fmt: skip
