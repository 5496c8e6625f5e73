"""NodeRestriction: what a node writes is its own. Dispatches; the rules of single kinds are in ``writing``.

Source: upstream's admission plugin of this name, its wording too.
"""

from __future__ import annotations

from collections.abc import Callable

from sampan.contracts.admission import Review
from sampan_nodeauth import writing
from sampan_nodeauth.resources import node_of

_RULES: dict[tuple[str, str], Callable[[str, Review], str]] = {
    ("", "pods"): writing.of_pod,
    ("", "nodes"): writing.of_node,
    ("", "persistentvolumeclaims"): writing.of_claim,
    ("", "serviceaccounts"): writing.of_account,
    ("coordination.k8s.io", "leases"): writing.of_lease,
    ("storage.k8s.io", "csinodes"): writing.of_csi_node,
}


class NodeRestriction:
    """Refuses writes to objects of other nodes; no role overrides it. Other kinds are left to authorization."""

    name = "NodeRestriction"
    operations = frozenset({"CREATE", "UPDATE", "DELETE", "CONNECT"})
    mutates = False
    priority = 100

    def admit(self, review: Review) -> None:
        node = node_of(review.user)
        if node is None:
            return
        if not node:
            raise review.forbidden(f'could not determine node from user "{review.user.name}"')
        rule = _RULES.get((review.kind.group, review.kind.plural))
        why = rule(node, review) if rule is not None else ""
        if why:
            raise review.forbidden(why)
