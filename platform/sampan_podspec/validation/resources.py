"""Resource requests and limits, of a container or of a whole pod.

Source: the API reference of ResourceRequirements, KEP-2837 (resources of a whole pod), core validation (order, words).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Problem
from sampan.errors import StatusError
from sampan_machinery import names, problems, quantities
from sampan_machinery.validation import by_rule
from sampan_podspec.requests import COMPUTE, container_nanos, container_quantities

STANDARD = frozenset({"cpu", "memory", "ephemeral-storage"})
HUGE = "hugepages-"
#: Names that quotas count, or know with a prefix: standard words, though no container can ask for them.
_COUNTED = frozenset({"pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
                      "persistentvolumeclaims", "services.nodeports", "services.loadbalancers"})  # fmt: skip
_QUOTA_PREFIX = "requests."
_QUOTA = frozenset({"storage", "requests.storage", *(f"{kind}.{name}" for kind in ("requests", "limits")
                                                     for name in STANDARD)})  # fmt: skip
_POD_LEVEL = (*COMPUTE, HUGE)

NameCheck = Callable[[str, str], Iterator[Problem]]


def container_resources(path: str, resources: Mapping[str, Any], claims: Collection[str] = ()) -> Iterator[Problem]:
    """``claims`` are the names that resources.claims may refer to."""
    yield from _requirements(path, resources, container_resource_name)
    yield from _claims(f"{path}.claims", resources.get("claims") or (), claims)


def pod_resources(path: str, spec: Mapping[str, Any]) -> Iterator[Problem]:
    """``spec.resources`` of a pod, alone and against its containers."""
    resources = spec["resources"]
    if resources.get("claims") is not None:
        yield problems.forbidden(f"{path}.claims", "claims may not be set for Resources at pod-level")
    yield from _requirements(path, resources, _pod_resource_name)
    known = {claim.get("name") or "" for claim in spec.get("resourceClaims") or ()}
    yield from _claims(f"{path}.claims", resources.get("claims") or (), known)
    yield from _against_containers(path, resources, spec)


def container_resource_name(path: str, name: str) -> Iterator[Problem]:
    """The name of something that a container can ask for."""
    yield from _resource_name(path, name)
    if "/" not in name:
        if name not in STANDARD and not name.startswith(HUGE):
            yield problems.invalid(path, name, "must be a standard resource for containers")
    elif not _is_native(name) and not _is_extended(name):
        yield problems.invalid(path, name, "doesn't follow extended resource name standard")


def _pod_resource_name(path: str, name: str) -> Iterator[Problem]:
    found = list(_resource_name(path, name))
    if not found and name not in COMPUTE and not name.startswith(HUGE):
        found = [problems.unsupported(path, name, _POD_LEVEL)]
    yield from found


def _resource_name(path: str, name: str) -> Iterator[Problem]:
    found = by_rule(path, name, names.label_key)
    if not found and "/" not in name and not _is_standard(name):
        found = [problems.invalid(path, name, "must be a standard resource type or fully qualified")]
    yield from found


def _requirements(path: str, resources: Mapping[str, Any], check_name: NameCheck) -> Iterator[Problem]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for name, amount in limits.items():
        yield from check_name(f"{path}.limits[{name}]", name)
        yield from resource_amount(f"{path}.limits[{name}]", name, amount)
        yield from _pages(f"{path}.limits[{name}]", name, amount)
    for name, amount in requests.items():
        yield from check_name(f"{path}.requests[{name}]", name)
        yield from resource_amount(f"{path}.requests[{name}]", name, amount)
        yield from _pair(path, name, amount, limits.get(name))
        yield from _pages(f"{path}.requests[{name}]", name, amount)
    asked = {*limits, *requests}
    if not asked.intersection(COMPUTE) and any(name.startswith(HUGE) for name in asked):
        yield problems.forbidden(path, "HugePages require cpu or memory")


def resource_amount(path: str, name: str, amount: Any) -> Iterator[Problem]:
    """How much of a resource there is, or is asked for."""
    try:
        nanos = quantities.nanos(amount)
    except StatusError as error:
        yield problems.invalid(path, amount, error.message)
        return
    if nanos < 0:
        yield problems.invalid(path, amount, "must be greater than or equal to 0")
    if nanos % quantities.NANOS and (name in _COUNTED or _is_extended(name)):
        yield problems.invalid(path, amount, "must be an integer")


def _pages(path: str, name: str, amount: Any) -> Iterator[Problem]:
    """Huge pages come whole."""
    if not name.startswith(HUGE) or not quantities.is_quantity(amount):
        return
    size = name.removeprefix(HUGE)
    nanos = quantities.nanos(size) if quantities.is_quantity(size) else 0
    if nanos <= 0 or nanos % quantities.NANOS or quantities.whole(amount) % quantities.whole(size):
        yield problems.invalid(path, amount, f"{amount} is not positive integer multiple of {name}")


def _pair(path: str, name: str, request: Any, limit: Any) -> Iterator[Problem]:
    overcommitable = _is_native(name) and not name.startswith(HUGE)
    if limit is None:
        if not overcommitable:
            yield problems.required(f"{path}.limits", "Limit must be set for non overcommitable resources")
    elif quantities.is_quantity(request) and quantities.is_quantity(limit):
        asked, most = quantities.nanos(request), quantities.nanos(limit)
        if not overcommitable and asked != most:
            yield problems.invalid(f"{path}.requests", request, f"must be equal to {name} limit of {limit}")
        elif asked > most:
            yield problems.invalid(
                f"{path}.requests", request, f"must be less than or equal to {name} limit of {limit}"
            )


def _claims(path: str, claims: Collection[Mapping[str, Any]], known: Collection[str]) -> Iterator[Problem]:
    """Each claim, or request of one, is named once."""
    seen: dict[str, set[str]] = {}  # requests by claim, "" for the whole one
    for index, claim in enumerate(claims):
        where, name, request = f"{path}[{index}]", claim.get("name") or "", claim.get("request") or ""
        if not name:
            yield problems.required(where)
            continue
        earlier = seen.setdefault(name, set())
        if "" in earlier:
            yield problems.duplicate(where, name)
        else:
            if request:
                yield from by_rule(f"{where}.request", request, names.dns_label)
            if request in earlier:
                yield problems.duplicate(where, f"{name}/{request}")
            elif not request:
                yield from [problems.duplicate(where, name)] * len(earlier)
            earlier.add(request)
        if name not in known:
            rest = f": {', '.join(sorted(known))}" if known else " which is empty"
            problem = problems.not_found(where, name)
            detail = f"{problem.message}: must be one of the names in pod.spec.resourceClaims{rest}"
            yield problem._replace(message=detail)


def _against_containers(path: str, resources: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[Problem]:
    """Requests cover all containers together, and limits each of them."""
    for kind, covered in (("requests", _every), ("limits", _is_huge)):
        total, amounts = container_nanos(spec, kind=kind), resources.get(kind) or {}
        shown = container_quantities(spec, kind=kind)
        for name, nanos in total.items():
            if name in amounts and covered(name) and nanos > quantities.nanos(amounts[name]):
                detail = f"must be greater than or equal to aggregate container {kind} of {shown[name]}"
                yield problems.invalid(f"{path}.{kind}[{name}]", amounts[name], detail)
    limits = resources.get("limits") or {}
    for index, container in enumerate(spec.get("containers") or ()):
        for name, limit in ((container.get("resources") or {}).get("limits") or {}).items():
            if name in limits and quantities.nanos(limit) > quantities.nanos(limits[name]):
                where = f"{path}.containers[{index}][{name}].limits"
                yield problems.invalid(where, limit, f"must be less than or equal to pod limits of {limits[name]}")


def _every(name: str) -> bool:
    return True


def _is_huge(name: str) -> bool:
    return name.startswith(HUGE)


def _is_standard(name: str) -> bool:
    known = name in STANDARD or name in _COUNTED or name in _QUOTA
    return known or name.startswith((HUGE, f"{_QUOTA_PREFIX}{HUGE}"))


def _is_native(name: str) -> bool:
    """Of Kubernetes itself; other names are extended resources of a vendor."""
    return "/" not in name or "kubernetes.io/" in name


def _is_extended(name: str) -> bool:
    """A vendor's name, which must also be one with the prefix that quotas put before it."""
    native = _is_native(name) or name.startswith(_QUOTA_PREFIX)
    return not native and not names.label_key(f"{_QUOTA_PREFIX}{name}")
