"""Which labels a node may give itself. Source: NodeRestriction's documentation; KEP-279.

A node must not set labels by which workloads are placed on trusted machines.
"""

from __future__ import annotations

from collections.abc import Mapping

_RESTRICTED = "node-restriction.kubernetes.io"
_KUBERNETES = ("kubernetes.io", "k8s.io")
_OWN_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
_OWN = frozenset((
    "kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os",
    "beta.kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/instance-type",
    "topology.kubernetes.io/region", "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone",
    "node.kubernetes.io/instance-type", "node.kubernetes.io/windows-build",
))  # fmt: skip


def forbidden(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Those labels set, changed or removed between the two that are not a node's to touch."""
    changed = {label for label in (*old, *new) if old.get(label) != new.get(label)}
    return sorted(label for label in changed if not is_own(label))


def is_own(label: str) -> bool:
    """Whether a node may set it: everything outside Kubernetes' domains, and what it knows of itself inside them."""
    domain, slash, _ = label.partition("/")
    if not slash:
        return True
    if _is_within(domain, (_RESTRICTED,)):
        return False
    return not _is_within(domain, _KUBERNETES) or label in _OWN or _is_within(domain, _OWN_DOMAINS)


def _is_within(domain: str, parents: tuple[str, ...]) -> bool:
    return any(domain == parent or domain.endswith(f".{parent}") for parent in parents)
