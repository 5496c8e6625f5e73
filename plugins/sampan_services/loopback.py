"""Endpoints on this machine's loopback: refused, but for those who lead there rightly.

Upstream refuses all of 127.0.0.0/8, since such an endpoint makes the proxy of each node lead to that node itself. Here
the exec runtime gives pods loopback addresses, and a cluster on one machine has its API server and add-ons there. So
the platform's own components may write such endpoints, and everybody those of a pod that has the address to itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.access import User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.objects import problems
from sampan.objects.addresses import LOOPBACK, is_loopback
from sampan_services.resources import PODS

KINDS = {("", "endpoints"), ("discovery.k8s.io", "endpointslices")}


class LoopbackEndpoints:
    """The admitter."""

    name = "loopbackendpoints"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({"endpoints", "endpointslices.discovery.k8s.io"})
    mutates = False
    priority = 500

    def admit(self, review: Review) -> None:
        if (review.kind.group, review.kind.plural) not in KINDS or review.object is None or is_component(review.user):
            return
        known = {address for _, address in addresses_of(review.old or {})}  # what is stored may be written again
        found = [
            problems.invalid(path, address, LOOPBACK)
            for path, address in addresses_of(review.object)
            if is_loopback(address) and address not in known and not _is_of_a_pod(review, address)
        ]
        if found:
            raise problems.as_error(found, group=review.kind.group, kind=review.kind.kind, name=review.name)


def is_component(user: User) -> bool:
    """Whether it is one of the platform's own: system:apiserver, system:kube-controller-manager, system:sampan-dns …
    Accounts, nodes and bootstrap tokens have a second colon."""
    return user.name.startswith("system:") and user.name.count(":") == 1 and user.name != "system:anonymous"


def addresses_of(obj: Object) -> Iterator[tuple[str, str]]:
    """(path, address) of Endpoints and of an EndpointSlice."""
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
