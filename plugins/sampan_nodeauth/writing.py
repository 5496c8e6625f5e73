"""Which writes of a node are about its own things, kind by kind. Each rule answers "" or why not.

Knows reviews; what a node may read is not decided here. Source: upstream's NodeRestriction.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.errors import Conflict, NotFound
from sampan_machinery.resources import NODES, PODS
from sampan_nodeauth.audiences import allowed
from sampan_nodeauth.labels import forbidden
from sampan_nodeauth.references import of_pod as named_by
from sampan_nodeauth.resources import LEASE_NAMESPACE, MIRROR

_ITSELF = "pods with spec.nodeName set to itself"


def of_pod(node: str, review: Review) -> str:
    if review.subresource == "status":
        return _of_pod_status(node, review)
    if review.subresource == "eviction":
        is_own = _node(_bound_pod(review)) == node
        return "" if is_own else f"node {node} can only evict {_ITSELF}"
    if review.subresource:
        return f"unexpected pod subresource \"{review.subresource}\", only 'status' and 'eviction' are allowed"
    if review.operation == "CREATE":
        return _of_mirror(node, review, review.object or {})
    if review.operation == "DELETE":
        return "" if _node(review.old) == node else f'node "{node}" can only delete {_ITSELF}'
    return f'unexpected operation "{review.operation}", node "{node}" can only create and delete mirror pods'


def _of_pod_status(node: str, review: Review) -> str:
    old, new = review.old or {}, review.object or {}
    if _node(old) != node:
        return f'node "{node}" can only update pod status for {_ITSELF}'
    if _differ(old, new, "metadata", "labels"):
        return f'node "{node}" cannot update labels through pod status'
    if _differ(old, new, "status", "resourceClaimStatuses"):
        return f'node "{node}" cannot update resource claim statuses'
    return ""


def _of_mirror(node: str, review: Review, pod: Object) -> str:
    """A node creates only mirror pods, and those refer to no API object."""
    if MIRROR not in (pod["metadata"].get("annotations") or {}):
        return f'pod does not have "{MIRROR}" annotation, node "{node}" can only create mirror pods'
    if _node(pod) != node:
        return f'node "{node}" can only create {_ITSELF}'
    if why := _of_owner(node, review, pod["metadata"].get("ownerReferences") or []):
        return why
    bare = {**pod, "metadata": {**pod["metadata"], "annotations": {}}}
    named = sorted({one.plural for one in named_by(bare)})
    if "serviceaccounts" in named:
        return f'node "{node}" can not create pods that reference a service account'
    return f'node "{node}" can not create pods that reference {named[0]}' if named else ""


def _of_owner(node: str, review: Review, owners: list[Object]) -> str:
    may = f'node "{node}" can only create pods with'
    if len(owners) > 1:
        return f"{may} a single owner reference set to itself"
    owner = owners[0] if owners else {}
    if (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) != ("v1", "Node", node):
        return f"{may} an owner reference set to itself"
    if not owner.get("controller"):
        return f"{may} a controller owner reference set to itself"
    if owner.get("blockOwnerDeletion"):
        return f'node "{node}" must not set blockOwnerDeletion on an owner reference'
    own = review.reader.get(NODES, node)
    if own is None or own["metadata"].get("uid") != owner.get("uid"):
        return f"{may} an owner reference that has the uid of its Node"
    return ""


def of_node(node: str, review: Review) -> str:
    if review.name != node:
        return f'node "{node}" is not allowed to modify node "{review.name}"'
    old, new = review.old, review.object
    if review.operation == "DELETE" or new is None:
        return ""
    if old is None:
        if new["metadata"].get("ownerReferences"):
            return f'node "{node}" is not allowed to set ownerReferences'
        labels = forbidden({}, _part(new, "metadata", "labels"))
        return f'node "{node}" is not allowed to set the following labels: {", ".join(labels)}' if labels else ""
    if _differ(old, new, "spec", "configSource"):
        return f'node "{node}" is not allowed to update configSource to a new non-nil configSource'
    if _differ(old, new, "spec", "taints"):
        return f'node "{node}" is not allowed to modify taints'
    if _differ(old, new, "metadata", "ownerReferences"):
        return f'node "{node}" is not allowed to modify ownerReferences'
    labels = forbidden(_part(old, "metadata", "labels"), _part(new, "metadata", "labels"))
    return f'node "{node}" is not allowed to modify labels: {", ".join(labels)}' if labels else ""


def of_claim(node: str, review: Review) -> str:
    return "" if review.subresource == "status" else "may only update PVC status"


def of_account(node: str, review: Review) -> str:
    """Tokens only for a pod that runs there, and only for whom the pod asks them."""
    if review.subresource != "token":
        return ""
    spec = (review.object or {}).get("spec") or {}
    ref = spec.get("boundObjectRef") or {}
    if ref.get("kind") != "Pod" or ref.get("apiVersion", "v1") != "v1" or not ref.get("name"):
        return "node requested token not bound to a pod"
    if not ref.get("uid"):
        return "node requested token with a pod binding without a uid"
    pod = review.reader.get(PODS, ref["name"], review.namespace)
    if pod is None:
        raise NotFound(f'pods "{ref["name"]}" not found', kind="pods", name=ref["name"])
    if pod["metadata"].get("uid") != ref["uid"]:
        raise Conflict(
            f'Operation cannot be fulfilled on pods "{ref["name"]}": the UID in the bound object reference '
            f"({ref['uid']}) does not match the UID in record. The object might have been deleted and then recreated",
            kind="pods", name=ref["name"],
        )  # fmt: skip
    if _node(pod) != node:
        return "node requested token bound to a pod scheduled on a different node"
    return _of_audiences(spec.get("audiences") or [""], pod, review)


def _of_audiences(audiences: list[str], pod: Object, review: Review) -> str:
    if len(audiences) > 1:
        return "node may only request 0 or 1 audiences"
    found = audiences[0]
    return "" if allowed(found, pod, review.reader) else f'audience "{found}" not found in pod spec volume'


def of_lease(node: str, review: Review) -> str:
    if review.namespace != LEASE_NAMESPACE:
        return f'can only access leases in the "{LEASE_NAMESPACE}" system namespace'
    return "" if review.name == node else "can only access node lease with the same name as the requesting node"


def of_csi_node(node: str, review: Review) -> str:
    return "" if review.name == node else "can only access CSINode with the same name as the requesting node"


def _bound_pod(review: Review) -> Object:
    """The pod that a subresource is created below; raises NotFound."""
    pod = review.reader.get(PODS, review.name, review.namespace)
    if pod is None:
        raise NotFound(f'pods "{review.name}" not found', kind="pods", name=review.name)
    return pod


def _node(pod: Object | None) -> str:
    return ((pod or {}).get("spec") or {}).get("nodeName") or ""


def _part(obj: Object, part: str, field: str) -> Any:
    return (obj.get(part) or {}).get(field) or {}


def _differ(old: Object, new: Object, part: str, field: str) -> bool:
    return bool(_part(old, part, field) != _part(new, part, field))
