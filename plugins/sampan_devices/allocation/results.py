"""An allocation as a claim's status says it. Source: API reference AllocationResult."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sampan.contracts.kinds import Object
from sampan_devices.allocation.records import Node, Taken, Wanted


def allocation_of(claim: Object, taken: Sequence[Taken], node: Node) -> Object:
    devices: Object = {"results": [_result(each) for each in taken]}
    if config := [*_of_classes(claim, taken), *_of_claim(claim, taken)]:
        devices["config"] = config
    found: Object = {"devices": devices}
    if (selector := _node_selector(taken, node)) is not None:
        found["nodeSelector"] = selector
    return found


def _result(taken: Taken) -> Object:
    spec, device = taken.wanted.spec, taken.candidate.device
    found = {
        "request": taken.wanted.name,
        **taken.candidate.id._asdict(),
        **{field: device[field] for field in ("bindingConditions", "bindingFailureConditions") if device.get(field)},
    }
    if spec.get("tolerations"):
        found["tolerations"] = spec["tolerations"]
    if spec.get("adminAccess"):
        found["adminAccess"] = True
    if taken.share:
        found["shareID"] = taken.share
    if taken.consumed:
        found["consumedCapacity"] = {name: str(amount) for name, amount in taken.consumed.items()}
    return found


def _chosen(claim: Object, taken: Sequence[Taken]) -> dict[str, Wanted]:
    """By request, the one alternative that was taken."""
    found = {each.wanted.request: each.wanted for each in taken}
    return {name: found[name] for each in _list(claim, "requests") if (name := each.get("name") or "") in found}


def _of_classes(claim: Object, taken: Sequence[Taken]) -> Iterator[Object]:
    """Each class's configuration once, for all requests of the class."""
    requests: dict[str, list[str]] = {}
    classes = {}
    for wanted in _chosen(claim, taken).values():
        name = wanted.klass["metadata"]["name"]
        classes[name] = wanted.klass
        requests.setdefault(name, []).append(wanted.name)
    for name, klass in classes.items():
        for each in (klass.get("spec") or {}).get("config") or ():
            yield {"source": "FromClass", "requests": requests[name], **each}


def _of_claim(claim: Object, taken: Sequence[Taken]) -> Iterator[Object]:
    names = {name for wanted in _chosen(claim, taken).values() for name in (wanted.name, wanted.request)}
    for each in _list(claim, "config"):
        requests = each.get("requests") or ()
        if not requests or not names.isdisjoint(requests):
            yield {"source": "FromClaim", **each}


def _list(claim: Object, field: str) -> Sequence[Object]:
    return (claim["spec"].get("devices") or {}).get(field) or ()


def _node_selector(taken: Sequence[Taken], node: Node) -> Object | None:
    """Where all the devices can be used; None: everywhere."""
    term: dict[str, list[Object]] = {}
    for each in taken:
        spec, device = each.candidate.slice["spec"], each.candidate.device
        holder = device if spec.get("perDeviceNodeSelection") else spec
        if holder.get("nodeName") or device.get("bindsToNode"):
            field = {"key": "metadata.name", "operator": "In", "values": [node.name]}
            return {"nodeSelectorTerms": [{"matchFields": [field]}]}
        for other in (holder.get("nodeSelector") or {}).get("nodeSelectorTerms") or ():
            for kind, requirements in other.items():
                known = term.setdefault(kind, [])
                known += [requirement for requirement in requirements or () if requirement not in known]
    return {"nodeSelectorTerms": [term]} if any(term.values()) else None
