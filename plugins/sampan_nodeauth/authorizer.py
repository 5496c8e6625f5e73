"""The authorizer: a node may do what every node may, and read what pods bound to it name.

It never denies: where it has no opinion it says why, and a role may still allow. Source: upstream's node authorizer
(its wording too), KEP-4601 for the field selector on pods.
"""

from __future__ import annotations

from collections.abc import Callable

from sampan.contracts.access import Attributes, Decision
from sampan.contracts.serving import Reader
from sampan.errors import BadRequest
from sampan_machinery import selectors
from sampan_nodeauth.node_references import NodeReferences
from sampan_nodeauth.permissions import ALWAYS
from sampan_nodeauth.resources import LEASE_NAMESPACE, node_of

_Answer = tuple[Decision, str]
_Rule = Callable[[str, Attributes], str]  # "" allows; anything else is the reason for having no opinion

_NOTHING: _Answer = (Decision.NO_OPINION, "")
_ALLOW: _Answer = (Decision.ALLOW, "")
_READ = frozenset(("get", "list", "watch"))
_NO_NAME = "No Object name found"


class NodeAuthorizer:
    """Opinions on users system:node:<name> of the group system:nodes; none on other users."""

    name = "node"

    def __init__(self, reader: Reader) -> None:
        self._references = NodeReferences(reader)
        self._rules: dict[tuple[str, str], _Rule] = {
            ("", "secrets"): self._named,
            ("", "configmaps"): self._named,
            ("", "persistentvolumeclaims"): self._claim,
            ("", "persistentvolumes"): self._volume,
            ("", "serviceaccounts"): self._account,
            ("", "pods"): self._pod,
            ("resource.k8s.io", "resourceclaims"): self._get_named,
            ("resource.k8s.io", "resourceslices"): self._slice,
            ("storage.k8s.io", "volumeattachments"): self._attachment,
            ("storage.k8s.io", "csinodes"): _own_csi_node,
            ("coordination.k8s.io", "leases"): _own_lease,
        }

    def authorize(self, asked: Attributes) -> tuple[Decision, str]:
        node = node_of(asked.user)
        if node is None or asked.path:
            return _NOTHING
        if not node:
            return Decision.NO_OPINION, f'unknown node for user "{asked.user.name}"'
        resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
        if (asked.verb, asked.group, resource) in ALWAYS:
            return _ALLOW
        rule = self._rules.get((asked.group, asked.resource))
        if rule is None:
            return _NOTHING
        why = rule(node, asked)
        return (Decision.NO_OPINION, why) if why else _ALLOW

    def _named(self, node: str, asked: Attributes) -> str:
        """Secrets and ConfigMaps: get, and list or watch of one name."""
        if asked.verb not in _READ or asked.subresource:
            return "can only read resources of this type"
        if not asked.namespace:
            return "can only read namespaced object of this type"
        return self._tied(node, asked)

    def _get_named(self, node: str, asked: Attributes) -> str:
        if asked.verb != "get":
            return "can only get individual resources of this type"
        if asked.subresource:
            return "cannot get subresource"
        return self._tied(node, asked)

    def _claim(self, node: str, asked: Attributes) -> str:
        if asked.subresource == "status":
            if asked.verb not in ("update", "patch"):
                return "can only get/update/patch this type"
            return self._tied(node, asked)
        return self._get_named(node, asked)

    def _volume(self, node: str, asked: Attributes) -> str:
        if asked.verb != "get" or asked.subresource:
            return "can only get individual resources of this type"
        if not asked.name:
            return _NO_NAME
        return "" if self._references.volume_is_claimed(node, asked.name) else _unrelated(node)

    def _attachment(self, node: str, asked: Attributes) -> str:
        if asked.verb != "get" or asked.subresource:
            return "can only get individual resources of this type"
        if not asked.name:
            return _NO_NAME
        return "" if self._references.attaches_here(node, asked.name) else _unrelated(node)

    def _slice(self, node: str, asked: Attributes) -> str:
        """What drivers offer of the node: the node removes it when its driver is gone."""
        if asked.subresource:
            return "cannot access subresource of ResourceSlices"
        if asked.verb in ("list", "watch", "deletecollection"):
            is_own = _selects(asked.fields, "spec.nodeName", node)
            return "" if is_own else "can only list/watch/deletecollection resourceslices with nodeName field selector"
        if asked.verb not in ("get", "delete"):
            return "can only get, list, watch and delete resourceslices"
        if not asked.name:
            return _NO_NAME
        return "" if self._references.slice_is_here(node, asked.name) else _unrelated(node)

    def _account(self, node: str, asked: Attributes) -> str:
        if asked.subresource == "token":
            if asked.verb != "create":
                return "can only create tokens for individual service accounts"
            return self._tied(node, asked)
        return self._get_named(node, asked)

    def _pod(self, node: str, asked: Attributes) -> str:
        if asked.subresource or asked.verb not in _READ:
            return "can only get, list, watch, create and delete pods, write their status and evict them"
        if asked.verb != "get":
            if _selects(asked.fields, "spec.nodeName", node):
                return ""
            if not asked.name:
                return "can only list/watch pods with spec.nodeName field selector"
        if not asked.name:
            return _NO_NAME
        return "" if self._references.pod_is_here(node, asked.namespace, asked.name) else _unrelated(node)

    def _tied(self, node: str, asked: Attributes) -> str:
        if not asked.name:
            return _NO_NAME
        is_named = self._references.is_named(node, asked.resource, asked.namespace, asked.name)
        if not is_named and asked.resource == "secrets" and asked.verb == "get":
            is_named = self._references.is_secret_of_volume(node, asked.namespace, asked.name)
        return "" if is_named else _unrelated(node)


def _own_lease(node: str, asked: Attributes) -> str:
    if asked.verb not in ("get", "create", "update", "patch", "delete") or asked.subresource:
        return "can only get, create, update, patch, or delete a node lease"
    if asked.namespace != LEASE_NAMESPACE:
        return f'can only access leases in the "{LEASE_NAMESPACE}" system namespace'
    if asked.verb != "create" and asked.name != node:  # a creation's name is in the body: NodeRestriction looks at it
        return "can only access node lease with the same name as the requesting node"
    return ""


def _own_csi_node(node: str, asked: Attributes) -> str:
    if asked.verb not in ("get", "create", "update", "patch", "delete") or asked.subresource:
        return "can only get, create, update, patch, or delete a CSINode"
    if asked.verb != "create" and asked.name != node:
        return "can only access CSINode with the same name as the requesting node"
    return ""


def _unrelated(node: str) -> str:
    return f"no relationship found between node '{node}' and this object"


def _selects(text: str, field: str, value: str) -> bool:
    """Whether a field selector lets only that value pass; one that cannot be read does not."""
    if not text:
        return False
    try:
        terms = selectors.parse_fields(text).requirements
    except BadRequest:
        return False
    return any(term.key == field and term.operator == selectors.EQUALS and term.values == (value,) for term in terms)
