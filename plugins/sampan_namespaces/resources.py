"""Names that mean something to this plugin."""

from __future__ import annotations

#: Namespaces every cluster has; the first three may never go.
PERMANENT = ("default", "kube-system", "kube-public")
SEEDED = (*PERMANENT, "kube-node-lease")

#: The finalizer that stands for "its content is not gone yet".
FINALIZER = "kubernetes"


def is_terminating(namespace: dict[str, object]) -> bool:
    """Whether the namespace is on its way out."""
    metadata = namespace.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("deletionTimestamp"))
