"""The mirroring of hand-made Endpoints into EndpointSlices, for Services without a selector.

Source: KEP-752; upstream's mirroring controller. A subset is a slice: the addresses that have the same ports.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed, Reconciler, Remove, Update, Watching
from sampan_machinery.names import without_leading_zeros
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import ENDPOINTS, SERVICES
from sampan_services.resources import MANAGED_BY, SERVICE_LABEL

MIRROR = "endpointslicemirroring-controller.k8s.io"
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"
_LEADER = "control-plane.alpha.kubernetes.io/leader"
#: Annotations that are about the Endpoints object alone.
_NOT_COPIED = ("endpoints.kubernetes.io/last-change-trigger-time", "kubectl.kubernetes.io/last-applied-configuration")
MOST = 1000  # addresses of a subset


class Subset(NamedTuple):
    """Addresses that have these ports, each with whether it is ready."""

    ports: list[Object]
    addresses: list[tuple[Object, bool]]


def decide(key: Key, seen: Observed) -> Iterator[Action]:
    endpoints = seen.get(ENDPOINTS, key.name, key.namespace)
    service = seen.get(SERVICES, key.name, key.namespace)
    mirrored = [each for each in seen.list(SLICES, key.namespace) if _mirrored_service(each) == key.name]
    spare = sorted(mirrored, key=lambda each: str(each["metadata"]["name"]))
    if endpoints is None or not _to_mirror(endpoints, service):
        yield from map(_remove, spare)
        return
    subsets = repacked(endpoints.get("subsets") or ())
    yield from _events(endpoints, subsets)
    wanted = [each for subset in subsets for each in slices_of(subset)]
    missing = []
    for content in wanted:
        old = next((each for each in spare if _place(each) == _place(content)), None)
        if old is None:
            missing.append(content)
            continue
        spare.remove(old)
        yield from _update(old, content, endpoints)
    for content in missing:  # a slice whose ports are not wanted any more is used again: its family cannot change
        old = next((each for each in spare if each["addressType"] == content["addressType"]), None)
        if old is not None:
            spare.remove(old)
            yield from _update(old, content, endpoints)
        elif not endpoints["metadata"].get("deletionTimestamp"):
            yield Create(SLICES, {**content, "metadata": _new_metadata(endpoints, seen)})
    yield from map(_remove, spare)


def repacked(subsets: Sequence[Object]) -> list[Subset]:
    """The subsets such that each port is in one of them: with all the addresses that have it."""
    ports: dict[str, Object] = {}
    addresses: dict[str, Object] = {}
    ready: dict[str, dict[str, bool]] = {}  # of each port, its addresses
    for subset in subsets:
        of_subset: Sequence[Object] = subset.get("ports") or ({},)
        for port in of_subset:
            by_address = ready.setdefault(_identity(port), {})
            ports.setdefault(_identity(port), port)
            for field, is_ready in (("addresses", True), ("notReadyAddresses", False)):
                for address in subset.get(field) or ():
                    name = f"{address['ip']} {(address.get('targetRef') or {}).get('uid') or ''}"
                    addresses.setdefault(name, address)
                    by_address[name] = is_ready and by_address.get(name, True)
    groups: dict[tuple[tuple[str, bool], ...], list[Object]] = {}
    for port_key, found in ready.items():
        groups.setdefault(tuple(sorted(found.items())), []).append(ports[port_key])
    return [
        Subset([port for port in group if port], [(addresses[name], is_ready) for name, is_ready in found])
        for found, group in groups.items()
    ]


def _identity(port: Object) -> str:
    return json.dumps(port, sort_keys=True)


def slices_of(subset: Subset) -> Iterator[Object]:
    """What the slices of a subset hold, one of each address family."""
    found: dict[str, list[Object]] = {"IPv4": [], "IPv6": []}
    ready_first = sorted(subset.addresses, key=lambda pair: not pair[1])
    valid = [(ip, address, ready) for address, ready in ready_first if (ip := _parsed(address["ip"])) is not None]
    for ip, address, is_ready in valid[:MOST]:
        found[f"IPv{ip.version}"].append(_endpoint(address, str(ip), is_ready))
    ports = sorted(({"name": "", **port} for port in subset.ports), key=_identity)
    for family, endpoints in found.items():
        if endpoints:
            yield {
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": family,
                "ports": ports, "endpoints": endpoints,
            }  # fmt: skip


def _endpoint(address: Object, ip: str, is_ready: bool) -> Object:
    kept = {key: address[key] for key in ("hostname", "nodeName", "targetRef") if address.get(key)}
    return {"addresses": [ip], "conditions": {"ready": is_ready}, **kept}


def _parsed(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(without_leading_zeros(ip))
    except ValueError:
        return None


def _events(endpoints: Object, subsets: Iterable[Subset]) -> Iterator[Action]:
    invalid, skipped = 0, 0
    for subset in subsets:
        wrong = sum(1 for address, _ in subset.addresses if _parsed(address["ip"]) is None)
        invalid += wrong
        skipped += wrong + max(0, len(subset.addresses) - wrong - MOST)
    if invalid:
        text = f"Skipped {invalid} invalid IP addresses when mirroring to EndpointSlices"
        yield Emit(endpoints, "Warning", "InvalidIPAddress", text)
    if skipped > invalid:
        text = (
            f"A max of {MOST} addresses can be mirrored to EndpointSlices per Endpoints subset. "
            f"{skipped} addresses were skipped"
        )
        yield Emit(endpoints, "Warning", "TooManyAddressesToMirror", text)


def _to_mirror(endpoints: Object, service: Object | None) -> bool:
    labels, annotations = (endpoints["metadata"].get(field) or {} for field in ("labels", "annotations"))
    if service is None or service["spec"].get("selector") or labels.get(SKIP_MIRROR) == "true":
        return False
    return _LEADER not in annotations


def _place(content: Object) -> tuple[str, str]:
    """By what slices are told apart."""
    return content["addressType"], json.dumps(sorted(map(_identity, content.get("ports") or ())))


def _update(old: Object, content: Object, endpoints: Object) -> Iterator[Action]:
    wanted = {**old["metadata"], **_metadata(endpoints)}
    if not wanted["annotations"]:
        del wanted["annotations"]
    new = {**old, "metadata": wanted, "ports": content["ports"], "endpoints": content["endpoints"]}
    if _place(old) == _place(content):
        new["ports"] = old.get("ports")
    if new != old:
        yield Update(SLICES, new)


def _new_metadata(endpoints: Object, seen: Observed) -> Object:
    name = endpoints["metadata"]["name"]
    metadata = {"name": f"{name}-{seen.name_suffix()}", "generateName": f"{name}-", **_metadata(endpoints)}
    return {**metadata, "namespace": endpoints["metadata"]["namespace"]}


def _metadata(endpoints: Object) -> Object:
    metadata = endpoints["metadata"]
    own = {
        "apiVersion": "v1", "kind": "Endpoints", "name": metadata["name"], "uid": metadata["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _NOT_COPIED}
    labels = {**(metadata.get("labels") or {}), SERVICE_LABEL: metadata["name"], MANAGED_BY: MIRROR}
    return {"labels": labels, "annotations": annotations, "ownerReferences": [own]}


def _remove(slice_: Object) -> Remove:
    return Remove(SLICES, slice_["metadata"]["name"], slice_["metadata"]["namespace"], uid=slice_["metadata"]["uid"])


def _mirrored_service(slice_: Object) -> str:
    labels = slice_["metadata"].get("labels") or {}
    return str(labels.get(SERVICE_LABEL) or "") if labels.get(MANAGED_BY) == MIRROR else ""


def _same_name(obj: Object, seen: Observed) -> Sequence[Key]:
    return (Key(obj["metadata"]["namespace"], obj["metadata"]["name"]),)


def _mirrored_name(slice_: Object, seen: Observed) -> Sequence[Key]:
    name = _mirrored_service(slice_)
    return (Key(slice_["metadata"]["namespace"], name),) if name else ()


RECONCILER = Reconciler(
    name="endpointslicemirroring",
    primary=ENDPOINTS,
    watches=(Watching(SERVICES, _same_name), Watching(SLICES, _mirrored_name)),
    decide=decide,
)
