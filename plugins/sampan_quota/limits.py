"""What a LimitRange does to a pod or claim: requests and limits that are filled in, and sentences of what breaks it.

Pure functions over dicts. Source: upstream's admission controller LimitRanger, its wording too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_podspec.requests import pod_nanos
from sampan_quota.amounts import Amounts
from sampan_quota.limitrange import CLAIM, CONTAINER, POD

ANNOTATION = "kubernetes.io/limit-ranger"
_CONTAINERS = (("containers", "container"), ("initContainers", "init container"))


def fill(limit_range: Object, pod: Object) -> bool:
    """Give containers the requests and limits they lack, and say so in an annotation. Changes ``pod``; returns whether
    it did."""
    limits, requests = _defaults(limit_range)
    said = []
    for field, word in _CONTAINERS:
        for container in (pod.get("spec") or {}).get(field) or ():
            name = container.get("name") or ""
            for kind, amounts in (("requests", requests), ("limits", limits)):
                if added := _add(container, kind, amounts):
                    said.append(f"{', '.join(added)} {kind[:-1]} for {word} {name}")
    if said:
        metadata = pod["metadata"]
        text = f"LimitRanger plugin set: {'; '.join(said)}"
        metadata["annotations"] = {**(metadata.get("annotations") or {}), ANNOTATION: text}
    return bool(said)


def _defaults(limit_range: Object) -> tuple[Amounts, Amounts]:
    limits: dict[str, str] = {}
    requests: dict[str, str] = {}
    for item in _items(limit_range, CONTAINER):
        limits |= item.get("default") or {}
        requests |= item.get("defaultRequest") or {}
    return limits, requests


def _add(container: Object, kind: str, amounts: Amounts) -> list[str]:
    """The names of what was added."""
    there = (container.get("resources") or {}).get(kind) or {}
    added = {name: amount for name, amount in amounts.items() if name not in there}
    if added:
        container["resources"] = {**(container.get("resources") or {}), kind: {**there, **added}}
    return sorted(added)


def broken_by_pod(limit_range: Object, pod: Object) -> Iterator[str]:
    spec = pod.get("spec") or {}
    containers = [each for field, _ in _CONTAINERS for each in spec.get(field) or ()]
    for item in _items(limit_range, CONTAINER):
        for container in containers:
            resources = container.get("resources") or {}
            yield from _broken(item, resources.get("requests") or {}, resources.get("limits") or {})
    for item in _items(limit_range, POD):
        yield from _broken(item, _total(spec, "requests"), _total(spec, "limits"))


def broken_by_claim(limit_range: Object, claim: Object) -> Iterator[str]:
    """Claims have requests only."""
    requests: Amounts = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    for item in _items(limit_range, CLAIM):
        for name, least in sorted((item.get("min") or {}).items()):
            yield from _under(CLAIM, name, least, requests, {})
        for name, most in sorted((item.get("max") or {}).items()):
            if name not in requests:
                yield f"maximum {name} usage per {CLAIM} is {most}.  No request is specified"
            elif quantities.compare(requests[name], most) > 0:
                yield f"maximum {name} usage per {CLAIM} is {most}, but request is {requests[name]}"


def _items(limit_range: Object, kind: str) -> Iterator[Object]:
    return (item for item in (limit_range.get("spec") or {}).get("limits") or () if item.get("type") == kind)


def _total(spec: Object, kind: str) -> Amounts:
    """Of the whole pod, without the overhead of its runtime, in the suffix family of the first container's."""
    bare = {name: value for name, value in spec.items() if name != "overhead"}
    return {
        name: quantities.text_of(nanos, _family(spec, kind, name)) for name, nanos in pod_nanos(bare, kind=kind).items()
    }


def _family(spec: Object, kind: str, name: str) -> str:
    holders = [spec, *(each for field, _ in _CONTAINERS for each in spec.get(field) or ())]
    found = (((holder.get("resources") or {}).get(kind) or {}).get(name) for holder in holders)
    return next(quantities.read(amount).family for amount in found if amount is not None)


def _broken(item: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    kind = item["type"]
    for name, least in sorted((item.get("min") or {}).items()):
        yield from _under(kind, name, least, requests, limits)
    for name, most in sorted((item.get("max") or {}).items()):
        yield from _over(kind, name, most, requests, limits)
    for name, ratio in sorted((item.get("maxLimitRequestRatio") or {}).items()):
        yield from _stretched(kind, name, ratio, requests, limits)


def _under(kind: str, name: str, least: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    text = f"minimum {name} usage per {kind} is {least}"
    if name not in requests:
        yield f"{text}.  No request is specified"
    elif quantities.compare(requests[name], least) < 0:
        yield f"{text}, but request is {requests[name]}"
    elif name in limits and quantities.compare(limits[name], least) < 0:
        yield f"{text}, but limit is {limits[name]}"


def _over(kind: str, name: str, most: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    text = f"maximum {name} usage per {kind} is {most}"
    if name not in limits:
        yield f"{text}.  No limit is specified"
    elif quantities.compare(limits[name], most) > 0:
        yield f"{text}, but limit is {limits[name]}"
    elif name in requests and quantities.compare(requests[name], most) > 0:
        yield f"{text}, but request is {requests[name]}"


def _stretched(kind: str, name: str, ratio: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    text = f"{name} max limit to request ratio per {kind} is {ratio}"
    request, limit = (quantities.nanos(amounts.get(name, 0)) for amounts in (requests, limits))
    if not request:
        yield f"{text}, but no request is specified or request is 0"
    elif not limit:
        yield f"{text}, but no limit is specified or limit is 0"
    elif limit * quantities.NANOS > request * quantities.nanos(ratio):
        yield f"{text}, but provided ratio is {limit / request:f}"


def joined(sentences: Iterable[str]) -> str:
    """As Go joins errors: one alone as it is, several in brackets, each once. Empty: nothing is wrong."""
    found = list(dict.fromkeys(sentences))
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""
