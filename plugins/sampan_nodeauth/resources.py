"""Names that mean something to this plugin, and how a node is known."""

from __future__ import annotations

from sampan.contracts.access import User

LEASE_NAMESPACE = "kube-node-lease"
MIRROR = "kubernetes.io/config.mirror"

_GROUP = "system:nodes"
_PREFIX = "system:node:"


def node_of(user: User) -> str | None:
    """The node that the user is; None for other users, "" for one whose name says no node."""
    if not user.name.startswith(_PREFIX) or _GROUP not in user.groups:
        return None
    return user.name[len(_PREFIX) :]
