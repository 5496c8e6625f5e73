"""The resources this plugin speaks of."""

from __future__ import annotations

from sampan.contracts.kinds import Resource

NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)
PODS = Resource("", "v1", "pods", "Pod", True)

#: Namespaces that every cluster has; the first three cannot be deleted.
PERMANENT = ("default", "kube-system", "kube-public")
SEEDED = (*PERMANENT, "kube-node-lease")

#: The finalizer that stands for "its content is not gone yet".
FINALIZER = "kubernetes"


def is_terminating(namespace: dict[str, object]) -> bool:
    """Whether the namespace is being deleted."""
    metadata = namespace.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("deletionTimestamp"))
