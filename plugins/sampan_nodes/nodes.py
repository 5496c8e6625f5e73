"""The kind Node: defaults, columns, rules. Source: core/v1 API reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Column, Draft, Kind, Object, Problem
from sampan_machinery import names, problems
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.metadata import get_condition
from sampan_machinery.validation import by_rule, validate_cidr
from sampan_podspec.validation.resources import resource_amount

ROLE = "node-role.kubernetes.io/"
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def prepare(draft: Draft) -> None:
    """What dynamic configuration of agents left in the API is dropped (KEP-281, removed)."""
    status, spec = draft.object.get("status") or {}, draft.object.get("spec") or {}
    if (draft.old or {}).get("spec", {}).get("configSource") is None:
        spec.pop("configSource", None)
    if draft.old is None:
        status.pop("config", None)


def default(node: Object) -> None:
    """The one range is the first of all, whichever was named; capacity without allocatable means both."""
    spec = node.setdefault("spec", {})
    if spec.get("podCIDR") and (spec.get("podCIDRs") or [""])[0] != spec["podCIDR"]:  # the older field counts
        spec["podCIDRs"] = [spec["podCIDR"]]
    elif spec.get("podCIDRs") and not spec.get("podCIDR"):
        spec["podCIDR"] = spec["podCIDRs"][0]
    status = node.get("status") or {}
    if status.get("capacity") and not status.get("allocatable"):
        status["allocatable"] = dict(status["capacity"])


def _two_families(cidrs: list[str]) -> Iterator[Problem]:
    if len(cidrs) > 1 and (len(cidrs) > 2 or len({":" in cidr for cidr in cidrs}) < 2):
        yield problems.invalid("spec.podCIDRs", cidrs, "may specify no more than one CIDR for each IP family")


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    if spec.get("taints"):
        yield from _taints(spec["taints"])
    for index, cidr in enumerate(spec.get("podCIDRs") or ()):
        yield from validate_cidr(f"spec.podCIDRs[{index}]", cidr)
    yield from _two_families(spec.get("podCIDRs") or [])
    for name in ("capacity", "allocatable"):
        for resource, amount in ((new.get("status") or {}).get(name) or {}).items():
            yield from resource_amount(f"status.{name}.{resource}", resource, amount)
    yield from _told(new, old)
    if old is not None:
        for name, word in (("podCIDRs", "podCIDR"), ("providerID", "providerID")):
            before = (old.get("spec") or {}).get(name)
            if before and before != spec.get(name):
                detail = f'node updates may not change {word} except from "" to valid'
                yield problems.forbidden(f"spec.{name}", detail)
        if ((old.get("spec") or {}).get("externalID") or "") != (spec.get("externalID") or ""):
            yield problems.forbidden("spec.externalID", "may not be updated")


def _told(node: Object, old: Object | None) -> Iterator[Problem]:
    """What tells a node's conditions and addresses apart has to be there. Upstream accepts them without, and reads "",
    which is never meant."""
    status, before = node.get("status") or {}, ((old or {}).get("status") or {})
    for name, wanted in (("conditions", ("type", "status")), ("addresses", ("type", "address"))):
        if status.get(name) == before.get(name):
            continue
        for index, each in enumerate(status.get(name) or ()):
            for key in wanted:
                if not each.get(key):
                    yield problems.required(f"status.{name}[{index}].{key}")


def _taints(taints: list[Object]) -> Iterator[Problem]:
    """Named below metadata, as upstream has it."""
    taken = set()
    for index, taint in enumerate(taints):
        path, key, value, effect = (
            f"metadata.taints[{index}]",
            taint.get("key"),
            taint.get("value"),
            taint.get("effect"),
        )
        yield from by_rule(f"{path}.key", key or "", names.label_key)
        yield from by_rule(f"{path}.value", value or "", names.label_value)
        if not effect:
            yield problems.required(f"{path}.effect")
        elif effect not in EFFECTS:
            yield problems.unsupported_in_order(f"{path}.effect", effect, EFFECTS)
        if (key, effect) in taken:
            detail = "taints must be unique by key and effect pair"
            yield problems.duplicate(path, {"key": key, "effect": effect}, detail)
        taken.add((key, effect))


def status_text(node: Object) -> str:
    """Ready, NotReady or Unknown, and whether it is cordoned."""
    ready = get_condition(node.get("status"), "Ready")
    word = "Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"
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
        return next((str(a.get("address") or "<none>") for a in found if a.get("type") == kind), "<none>")

    return cell


def _info(key: str) -> Any:
    def cell(node: Object) -> str:
        return ((node.get("status") or {}).get("nodeInfo") or {}).get(key) or "<unknown>"

    return cell


NODE = Kind(
    group="", version="v1", kind="Node", plural="nodes", short_names=("no",), namespaced=False,
    status=True, status_on_create=True, prepare=prepare, default=default, validate=validate,
    fields={"spec.unschedulable": lambda obj: str(bool((obj.get("spec") or {}).get("unschedulable"))).lower()},
    columns=(
        NAME,
        Column("Status", status_text),
        Column("Roles", roles_text),
        AGE,
        Column("Version", lambda obj: ((obj.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion") or ""),
        Column("Internal-IP", _address("InternalIP"), priority=1),
        Column("External-IP", _address("ExternalIP"), priority=1),
        Column("OS-Image", _info("osImage"), priority=1),
        Column("Kernel-Version", _info("kernelVersion"), priority=1),
        Column("Container-Runtime", _info("containerRuntimeVersion"), priority=1),
    ),
)  # fmt: skip
