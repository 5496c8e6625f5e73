"""Approves what nodes ask for: their client certificates, those of the components beside their agent, and the serving
certificates of their agents.

A new node asks with a bootstrap token (the right create on ``certificatesigningrequests/nodeclient``), a node that
renews its certificate asks as itself (``selfnodeclient``). For a component, such as the service proxy, it needs the
right ``nodecomponent`` on its user and on each of its groups by name. Source of the first two: upstream's csrapproving
controller. Upstream approves no serving certificate, since a node says itself which addresses it has; here one is
approved that names the node and addresses that are not in use elsewhere.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Key, Observed, Update
from sampan.contracts.resources import Resource
from sampan_certificates.conditions import APPROVED, certificate_of, conditions_of, is_decided
from sampan_certificates.signers import (
    API_CLIENT,
    KUBELET_CLIENT,
    KUBELET_SERVING,
    NODE,
    NODES,
    Requested,
    problem_of_api_client,
    problem_of_kubelet_client,
    problem_of_kubelet_serving,
)
from sampan_certificates.signing import Read
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS
from sampan_machinery.resources import NODES as NODE_OBJECTS

if TYPE_CHECKING:
    from sampan_client import Client

REVIEWS = Resource("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", False)
SERVING = "Auto approving kubelet serving certificate: it names the node and addresses of its own."


class Right(NamedTuple):
    """What the requester needs for the request to be approved: create on a subresource, of all of these names."""

    subresource: str
    message: str
    names: tuple[str, ...] = ("",)


SELF = Right("selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview.")
OTHER = Right("nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.")
COMPONENT = Right("nodecomponent", "Auto approving client certificate of a node's component after SubjectAccessReview.")


class Approver:
    """``reconcile`` is a ClientReconciler's: it asks the API who may. ``serving``: whether serving certificates are
    approved; ``reserved``: networks whose addresses no node has."""

    def __init__(self, read: Read, *, serving: bool = True, reserved: Collection[str] = ()) -> None:
        self._read, self._serving = read, serving
        self._reserved = [ipaddress.ip_network(each) for each in reserved if each]

    def reconcile(self, key: Key, client: Client, observed: Observed) -> list[Action]:
        request = observed.get(REQUESTS, key.name)
        if request is None or is_decided(request) or certificate_of(request) or not is_for_node(request):
            return []
        try:
            requested = self._read(base64.b64decode(request["spec"].get("request") or ""))
        except ValueError:
            return []
        for right in recognized(request, requested):
            if all(_may(client, request, right.subresource, name) for name in right.names):
                return [Update(REQUESTS, approved(request, right.message), "approval")]
        if self._serving and may_serve(request, requested):
            nodes = client.list(NODE_OBJECTS).items
            if not foreign_names(requested, nodes, self._reserved):
                return [Update(REQUESTS, approved(request, SERVING), "approval")]
        return []


def _may(client: Client, request: Object, subresource: str, name: str) -> bool:
    answer = client.create(REVIEWS, review(request, subresource, name))
    return bool((answer.get("status") or {}).get("allowed"))


def is_for_node(request: Object) -> bool:
    """Whether a node, or who becomes one, may have sent it."""
    spec = request.get("spec") or {}
    by_node = NODES in (spec.get("groups") or ())
    signer = spec.get("signerName")
    return signer == KUBELET_CLIENT or (by_node and signer in (API_CLIENT, KUBELET_SERVING))


def recognized(request: Object, requested: Requested) -> Iterator[Right]:
    """The right that is needed for each way in which the request may be a node's."""
    spec = request["spec"]
    signer, usages = spec.get("signerName"), spec.get("usages") or []
    if signer == API_CLIENT and _is_plain_client(requested, usages):
        yield COMPONENT._replace(names=(requested.common_name, *requested.organizations))
    if signer != KUBELET_CLIENT or problem_of_kubelet_client(requested, usages):
        return
    if spec.get("username") == requested.common_name:
        yield SELF
    yield OTHER


def _is_plain_client(requested: Requested, usages: Collection[str]) -> bool:
    named = requested.dns_names or requested.addresses or requested.emails or requested.uris
    return bool(requested.common_name) and not named and not problem_of_api_client(requested, usages)


def may_serve(request: Object, requested: Requested) -> bool:
    """Whether it is a node's request for its own serving certificate."""
    spec = request["spec"]
    if spec.get("signerName") != KUBELET_SERVING or spec.get("username") != requested.common_name:
        return False
    return not problem_of_kubelet_serving(requested, spec.get("usages") or [])


def foreign_names(
    requested: Requested, nodes: Iterable[Object], reserved: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> list[str]:
    """Names and addresses that are not the node's own: where its Node exists, what that does not have; else what
    another Node has, and what no node can have."""
    node = requested.common_name.removeprefix(NODE)
    known = {one["metadata"]["name"]: _addresses(one) for one in nodes}
    others = set().union(*(found for name, found in known.items() if name != node))
    found = [name for name in requested.dns_names if name != node]
    for text in requested.addresses:
        address = ipaddress.ip_address(text)
        special = address.is_loopback or address.is_multicast or address.is_unspecified
        taken = text not in known[node] if known.get(node) else special or any(address in each for each in reserved)
        if taken or text in others:
            found.append(text)
    return found


def _addresses(node: Object) -> set[str]:
    return {str(one.get("address")) for one in (node.get("status") or {}).get("addresses") or ()}


def review(request: Object, subresource: str, name: str = "") -> Object:
    spec = request["spec"]
    who = {
        "user": spec.get("username"),
        "uid": spec.get("uid"),
        "groups": spec.get("groups"),
        "extra": spec.get("extra"),
    }
    what = {
        "group": REQUESTS.group, "version": "*", "resource": REQUESTS.plural, "subresource": subresource,
        "verb": "create", **({"name": name} if name else {}),
    }  # fmt: skip
    asked = {name: value for name, value in who.items() if value}
    return {"spec": {**asked, "resourceAttributes": what}}


def approved(request: Object, message: str) -> Object:
    condition = {"type": APPROVED, "status": "True", "reason": "AutoApproved", "message": message}
    status = {**(request.get("status") or {}), "conditions": [*conditions_of(request), condition]}
    return {**request, "status": status}
