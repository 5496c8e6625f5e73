"""What a pod uses of a quota, and what a quota wants a pod to say. Pure. Source: upstream's pod evaluator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_machinery.metadata import parse_time
from sampan_machinery.quantities import DECIMAL, NANOS, Quantity
from sampan_podspec.requests import COMPUTE, pod_nanos
from sampan_quota.amounts import HUGE, REQUESTS, is_native

_ONE = Quantity(NANOS, DECIMAL)
#: Counted as a request and as a limit.
_BOTH = (*COMPUTE, "ephemeral-storage")
#: A quota of these wants each container to say how much of it.
_CONSTRAINED = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
_HOLDERS = (("containers", "containerStatuses"), ("initContainers", "initContainerStatuses"))


def pod_usage(pod: Object, now: float) -> dict[str, Quantity]:
    """The object always counts; what it asks for only while it may run."""
    used = {"count/pods": _ONE}
    if _is_over(pod, now):
        return used
    spec = _with_status(pod)
    requests, limits = (_quantities(spec, kind) for kind in ("requests", "limits"))
    return {**used, "pods": _ONE, **_by_name(requests, limits)}


def constrain_pod(names: Iterable[str], pod: Object) -> str:
    """Under a quota of CPU or memory each container must say how much it wants, but where the pod does."""
    spec = pod.get("spec") or {}
    if any((spec.get("resources") or {}).get(kind) for kind in ("requests", "limits")):
        return ""
    required = _CONSTRAINED.intersection(names)
    missing: dict[str, set[str]] = {}
    for container in [each for holder, _ in _HOLDERS for each in spec.get(holder) or ()]:
        resources = container.get("resources") or {}
        said = _by_name(resources.get("requests") or {}, resources.get("limits") or {})
        for name in required - said.keys():
            missing.setdefault(name, set()).add(container.get("name") or "")
    parts = [f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing)]
    return f"must specify {'; '.join(parts)}" if parts else ""


def _by_name(requests: Mapping[str, Any], limits: Mapping[str, Any]) -> dict[str, Any]:
    """Requests and limits under the names that quotas have for them."""
    found: dict[str, Any] = {}
    for name, amount in requests.items():
        if name in _BOTH or name.startswith(HUGE):
            found[name] = found[REQUESTS + name] = amount
        elif not is_native(name) and not name.startswith(REQUESTS):
            found[REQUESTS + name] = amount
    for name in _BOTH:
        if name in limits:
            found[f"limits.{name}"] = limits[name]
    return found


def _quantities(spec: Object, kind: str) -> dict[str, Quantity]:
    families: dict[str, str] = {}
    holders = [spec, *(each for holder, _ in _HOLDERS for each in spec.get(holder) or ())]
    for amounts in [*((each.get("resources") or {}).get(kind) or {} for each in holders), spec.get("overhead") or {}]:
        for name, amount in amounts.items():
            families.setdefault(name, quantities.read(amount).family)
    return {name: Quantity(nanos, families[name]) for name, nanos in pod_nanos(spec, kind=kind).items()}


def _with_status(pod: Object) -> Object:
    """The pod's spec with the greater of what each container asks for and what it has: while a pod is resized both
    count."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    changed: Object = {}
    for holder, field in _HOLDERS:
        had = {each.get("name"): each for each in status.get(field) or () if each.get("resources")}
        if had:
            changed[holder] = [_greater(each, had.get(each.get("name"))) for each in spec.get(holder) or ()]
    return {**spec, **changed} if changed else spec


def _greater(container: Object, status: Object | None) -> Object:
    if status is None:
        return container
    asked, actual = container.get("resources") or {}, status["resources"]
    allocated = {"requests": status.get("allocatedResources") or {}, "limits": {}}
    found = {}
    for kind in ("requests", "limits"):
        amounts = dict(asked.get(kind) or {})
        for other in (actual.get(kind) or {}, allocated[kind]):
            for name, amount in other.items():
                if name in amounts and quantities.compare(amount, amounts[name]) > 0:
                    amounts[name] = amount
        found[kind] = amounts
    return {**container, "resources": {**asked, **found}}


def _is_over(pod: Object, now: float) -> bool:
    """Whether it has ended, or should have: on a node that is lost it may stay for long."""
    meta = pod.get("metadata") or {}
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return True
    deleted, period = meta.get("deletionTimestamp"), meta.get("deletionGracePeriodSeconds")
    return deleted is not None and period is not None and now > parse_time(deleted) + period
