"""Names that mean something to this plugin."""

from __future__ import annotations

#: Namespaces that every cluster has; the first three cannot be deleted.
PERMANENT = ("default", "kube-system", "kube-public")
SEEDED = (*PERMANENT, "kube-node-lease")

#: The finalizer that stands for "its content is not gone yet".
FINALIZER = "kubernetes"


def is_terminating(namespace: dict[str, object]) -> bool:
    """Whether the namespace is being deleted."""
    metadata = namespace.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("deletionTimestamp"))
