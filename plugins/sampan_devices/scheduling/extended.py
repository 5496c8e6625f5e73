"""Extended resources that device classes stand for: which of them a pod asks for, and the claim that is made for it.

Pure. Source: KEP-5004; upstream's part of the plugin DynamicResources (meaning, names, wording).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_machinery.metadata import controller_ref, is_controlled_by
from sampan_machinery.resources import RESOURCE_CLAIMS
from sampan_podspec.containers import is_sidecar
from sampan_podspec.requests import pod_nanos

#: Every class can be asked for by this and its name.
PREFIX = "deviceclass.resource.kubernetes.io/"
ANNOTATION = "resource.kubernetes.io/extended-resource-claim"
LONGEST_BASE = 57  # bytes of a generated name before its random letters
_HOLDERS = ("initContainers", "containers")


def may_ask(pod: Object) -> bool:
    """Whether the pod asks for anything that has a vendor's name; quick."""
    spec = pod["spec"]
    for holder in _HOLDERS:
        for container in spec.get(holder) or ():
            for name in (container.get("resources") or {}).get("requests") or ():
                if "/" in name:
                    return True
    return False


def classes_of(pod: Object, classes: Iterable[Object]) -> dict[str, str]:
    """The device class of each extended resource that the pod asks for; resources without one are left out."""
    asked = {name for name, amount in pod_nanos(pod["spec"]).items() if "/" in name and amount > 0}
    if not asked:
        return {}
    every = list(classes)
    found = {f"{PREFIX}{each['metadata']['name']}": each for each in every}
    for each in every:
        name = (each.get("spec") or {}).get("extendedResourceName")
        if name and (name not in found or _order(each) > _order(found[name])):
            found[name] = each
    return {name: found[name]["metadata"]["name"] for name in sorted(asked & set(found))}


def _order(device_class: Object) -> tuple[str, str]:
    """Of two classes for one resource the later one counts, of two of one second the first by name."""
    meta = device_class["metadata"]
    return meta.get("creationTimestamp") or "", "".join(chr(0x10FFFF - ord(letter)) for letter in meta["name"])


class Asked(NamedTuple):
    """``requests`` of the claim; ``mappings`` for the pod's status: which container gets which request's devices."""

    requests: list[Object]
    mappings: list[Object]


def requests_for(pod: Object, classes: Mapping[str, str]) -> Asked:
    """``classes``: those of the resources that the node has no device plugin for. Init containers that end share one
    request, the largest; upstream lets them share those of later containers too, and so may need fewer devices."""
    requests: list[Object] = []
    mappings: list[Object] = []
    for place, resource in enumerate(sorted(classes)):
        largest: Object | None = None
        short: list[Object] = []
        for number, container, ends in _containers(pod):
            amount = ((container.get("resources") or {}).get("requests") or {}).get(resource)
            count = quantities.nanos(amount) // quantities.NANOS if amount is not None else 0
            if count <= 0:
                continue
            request = {
                "name": f"container-{number}-request-{place}",
                "exactly": {"deviceClassName": classes[resource], "allocationMode": "ExactCount", "count": count},
            }
            mapping = {"containerName": container["name"], "resourceName": resource, "requestName": request["name"]}
            if not ends:
                requests.append(request)
                mappings.append(mapping)
                continue
            short.append(mapping)
            if largest is None or count > largest["exactly"]["count"]:
                largest = request
        if largest is not None:
            requests.append(largest)
            mappings += [{**mapping, "requestName": largest["name"]} for mapping in short]
    return Asked(sorted(requests, key=lambda each: str(each["name"])), mappings)


def _containers(pod: Object) -> Iterator[tuple[int, Object, bool]]:
    """Each with its number, and whether it is an init container that ends."""
    number = 0
    for holder in _HOLDERS:
        for container in pod["spec"].get(holder) or ():
            yield number, container, holder == "initContainers" and not is_sidecar(container)
            number += 1


def claim_for(pod: Object, requests: list[Object]) -> Object:
    """The claim as it is created; its name is generated."""
    meta = pod["metadata"]
    return {
        "apiVersion": RESOURCE_CLAIMS.api_version,
        "kind": RESOURCE_CLAIMS.kind,
        "metadata": {
            "generateName": f"{meta['name'][: LONGEST_BASE - len('-extended-resources-')]}-extended-resources-",
            "namespace": meta["namespace"],
            "annotations": {ANNOTATION: "true"},
            "ownerReferences": [controller_ref(pod, api_version="v1", kind="Pod")],
        },
        "spec": {"devices": {"requests": requests}},
    }


def is_made_for(claim: Object, pod: Object) -> bool:
    annotations = claim["metadata"].get("annotations") or {}
    return annotations.get(ANNOTATION) == "true" and is_controlled_by(claim, pod)


def status_of(claim: Object, mappings: list[Object]) -> dict[str, Any]:
    """Of the pod: by it the node agent finds the claim."""
    return {
        "extendedResourceClaimStatus": {"resourceClaimName": claim["metadata"]["name"], "requestMappings": mappings}
    }


def shortage(pod: Object, node: Object, others: Iterable[Object], names: Iterable[str]) -> str:
    """The first of these resources, of a device plugin, that the node has too little of; "": it has enough."""
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    wanted, used = pod_nanos(pod["spec"]), [pod_nanos(each["spec"]) for each in others]
    for name in names:
        taken = sum(each.get(name, 0) for each in used)
        if taken + wanted.get(name, 0) > quantities.nanos(allocatable[name]):
            return name
    return ""


def is_offered(node: Object, name: str) -> bool:
    """Whether a device plugin, or someone else, has put it into the node's status."""
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    return name in allocatable and quantities.nanos(allocatable[name]) > 0
