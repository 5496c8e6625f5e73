"""What a pod requests of a node, as filters and as scores count it. Pure."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_podspec.requests import pod_nanos

#: What a container without a request counts for in scores, so that such pods spread too: upstream's non-zero rule.
MIN_CPU, MIN_MEMORY = 100, 200 * 1024 * 1024
_LEAST = {"cpu": f"{MIN_CPU}m", "memory": str(MIN_MEMORY)}
_MILLI = quantities.NANOS // 1000
_HOLDERS = ("containers", "initContainers")


def effective_spec(pod: Object) -> Object:
    """The spec with each container's requests raised to what a resize under way still holds (KEP-1287)."""
    spec: Object = pod["spec"]
    status = pod.get("status") or {}
    held = {
        each["name"]: each
        for name in ("containerStatuses", "initContainerStatuses")
        for each in status.get(name) or ()
        if each.get("resources")
    }
    if not held:
        return spec
    infeasible = any(
        each["type"] == "PodResizePending" and each.get("reason") == "Infeasible"
        for each in status.get("conditions") or ()
    )
    return {**spec, **{holder: [_resized(each, held, infeasible) for each in spec.get(holder) or ()]
                       for holder in _HOLDERS}}  # fmt: skip


def _resized(container: Object, held: Object, infeasible: bool) -> Object:
    status = held.get(container["name"])
    if status is None:
        return container
    amounts = [status["resources"].get("requests") or {}, status.get("allocatedResources") or {}]
    if not infeasible:
        amounts.append(_requests(container))
    most: Object = {}
    for each in amounts:
        for name, amount in each.items():
            if name not in most or quantities.nanos(amount) > quantities.nanos(most[name]):
                most[name] = amount
    return {**container, "resources": {**(container.get("resources") or {}), "requests": most}}


def nonzero_requests(spec: Object, requests: dict[str, int]) -> tuple[int, int]:
    """cpu and memory with MIN_CPU and MIN_MEMORY for each container that names none; ``requests``: its own."""
    if any(name not in _requests(container) for container in _containers(spec) for name in _LEAST):
        filled = {holder: [_with_least(container) for container in spec.get(holder) or ()] for holder in _HOLDERS}
        requests = whole_units({**spec, **filled})
    return requests.get("cpu", 0), requests.get("memory", 0)


def _containers(spec: Object) -> list[Object]:
    return [container for holder in _HOLDERS for container in spec.get(holder) or ()]


def _requests(container: Object) -> Object:
    return (container.get("resources") or {}).get("requests") or {}


def _with_least(container: Object) -> Object:
    return {**container, "resources": {**(container.get("resources") or {}), "requests": _LEAST | _requests(container)}}


def whole_units(spec: Object) -> dict[str, int]:
    """Requests as integers, rounded up: cpu in millicores, all else in its own unit."""
    return {
        name: -(-nanos // (_MILLI if name == "cpu" else quantities.NANOS)) for name, nanos in pod_nanos(spec).items()
    }
