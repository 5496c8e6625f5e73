"""Addresses that endpoints and Services may not name: loopback, link-local, multicast, unspecified. After validation,
which has seen that each is an address.

Upstream refuses all of 127.0.0.0/8 as endpoints, since they make the proxy of each node lead to that node itself. Here
the exec runtime gives pods loopback addresses, and a cluster on one machine has its API server and add-ons there. So
the platform's own components may write such endpoints, and all users those of a pod that has the address to itself."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.access import User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names, problems
from sampan_machinery.addresses import LOOPBACK, is_loopback, unfit
from sampan_machinery.resources import PODS

SERVICES, SLICES = ("", "services"), ("discovery.k8s.io", "endpointslices")


class ForbiddenAddresses:
    """The admitter."""

    name = "reachableaddresses"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({"services", "endpoints", "endpointslices.discovery.k8s.io"})
    subresources = frozenset({""})
    mutates = False
    priority = 500

    def admit(self, review: Review) -> None:
        kind = (review.kind.group, review.kind.plural)
        if review.object is None:
            return
        known = {address for _, address in addresses_of(review.old or {})}  # what is stored may be written again
        found = [
            problem
            for path, address in addresses_of(review.object)
            if address not in known
            for problem in _wrong(review, path, address, may=kind != SERVICES)
        ]
        found += _of_other_type(review.object) if kind == SLICES else ()
        if found:
            raise problems.as_error(found, group=review.kind.group, kind=review.kind.kind, name=review.name)


def _wrong(review: Review, path: str, address: str, *, may: bool) -> Iterator[Problem]:
    """``may``: whether loopback is right for some."""
    for complaint in unfit(address):
        yield problems.invalid(path, address, complaint)
    if is_loopback(address) and not (may and (is_component(review.user) or _is_of_a_pod(review, address))):
        yield problems.invalid(path, address, LOOPBACK)


def _of_other_type(slice_: Object) -> Iterator[Problem]:
    kind = slice_.get("addressType")
    for index, endpoint in enumerate(slice_.get("endpoints") or ()):
        for number, text in enumerate(endpoint.get("addresses") or ()):
            path = f"endpoints[{index}].addresses"
            if kind == "FQDN":
                for complaint in names.dns_subdomain(text.rstrip(".")):
                    yield problems.invalid(f"{path}[{number}]", text, complaint)
            elif (":" in text) != (kind == "IPv6"):
                yield problems.invalid(path, text, f"must be an {kind} address")


def is_component(user: User) -> bool:
    """Whether it is one of the platform's own: system:apiserver, system:kube-controller-manager, system:sampan-dns …
    Accounts, nodes and bootstrap tokens have a second colon."""
    return user.name.startswith("system:") and user.name.count(":") == 1 and user.name != "system:anonymous"


def addresses_of(obj: Object) -> Iterator[tuple[str, str]]:
    """(path, address) of Endpoints, of an EndpointSlice, and of a Service those outside the cluster's range."""
    for number, address in enumerate((obj.get("spec") or {}).get("externalIPs") or ()):
        yield f"spec.externalIPs[{number}]", str(address)
    for index, subset in enumerate(obj.get("subsets") or ()):
        for field in ("addresses", "notReadyAddresses"):
            for number, address in enumerate(subset.get(field) or ()):
                yield f"subsets[{index}].{field}[{number}].ip", str(address.get("ip") or "")
    for index, endpoint in enumerate(obj.get("endpoints") or ()):
        for number, address in enumerate(endpoint.get("addresses") or ()):
            yield f"endpoints[{index}].addresses[{number}]", str(address)


def _is_of_a_pod(review: Review, address: str) -> bool:
    """A pod on the host's network shares its addresses with all that run there."""
    return any(not pod["spec"].get("hostNetwork") for pod in review.reader.list(PODS, fields=f"status.podIP={address}"))
