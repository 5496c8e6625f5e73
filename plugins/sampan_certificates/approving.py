"""Approves the client certificates of nodes, where the requester may have one.

A new node asks with a bootstrap token (the right create on ``certificatesigningrequests/nodeclient``), a node that
renews its certificate asks as itself (``selfnodeclient``). Source: upstream's csrapproving controller.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Key, Observed, Update
from sampan.contracts.resources import Resource
from sampan_certificates.conditions import APPROVED, certificate_of, conditions_of, is_decided
from sampan_certificates.signers import KUBELET_CLIENT, Requested, problem_of_kubelet_client
from sampan_certificates.signing import Read
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS

if TYPE_CHECKING:
    from sampan_client import Client

REVIEWS = Resource("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", False)
SELF = ("selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview.")
OTHER = ("nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.")


class Approver:
    """``reconcile`` is a ClientReconciler's: it asks the API who may."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def reconcile(self, key: Key, client: Client, observed: Observed) -> list[Action]:
        request = observed.get(REQUESTS, key.name)
        if request is None or is_decided(request) or certificate_of(request) or not is_for_node(request):
            return []
        try:
            requested = self._read(base64.b64decode(request["spec"].get("request") or ""))
        except ValueError:
            return []
        for subresource, message in recognized(request, requested):
            answer = client.create(REVIEWS, review(request, subresource))
            if (answer.get("status") or {}).get("allowed"):
                return [Update(REQUESTS, approved(request, message), "approval")]
        return []


def is_for_node(request: Object) -> bool:
    return (request.get("spec") or {}).get("signerName") == KUBELET_CLIENT


def recognized(request: Object, requested: Requested) -> Iterator[tuple[str, str]]:
    """(the right that is needed, the message of the approval) for each way in which the request may be a node's."""
    spec = request["spec"]
    if problem_of_kubelet_client(requested, spec.get("usages") or []):
        return
    if spec.get("username") == requested.common_name:
        yield SELF
    yield OTHER


def review(request: Object, subresource: str) -> Object:
    spec = request["spec"]
    who = {
        "user": spec.get("username"),
        "uid": spec.get("uid"),
        "groups": spec.get("groups"),
        "extra": spec.get("extra"),
    }
    what = {
        "group": REQUESTS.group, "version": "*", "resource": REQUESTS.plural, "subresource": subresource,
        "verb": "create",
    }  # fmt: skip
    asked = {name: value for name, value in who.items() if value}
    return {"spec": {**asked, "resourceAttributes": what}}


def approved(request: Object, message: str) -> Object:
    condition = {"type": APPROVED, "status": "True", "reason": "AutoApproved", "message": message}
    status = {**(request.get("status") or {}), "conditions": [*conditions_of(request), condition]}
    return {**request, "status": status}
