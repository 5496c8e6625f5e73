"""Names, labels and annotations that Karmada's users and tools know, written once."""

from __future__ import annotations

#: Where Secrets with the credentials of members are kept.
CLUSTER_NAMESPACE = "karmada-cluster"
#: Namespaces that are never propagated.
RESERVED_PREFIXES = ("kube-", "karmada-")

NOT_READY = "cluster.karmada.io/not-ready"
UNREACHABLE = "cluster.karmada.io/unreachable"

_POLICY = "policy.karmada.io"
#: Of a template and of its binding: the policy that it is propagated by.
PP_NAMESPACE = "propagationpolicy.karmada.io/namespace"
PP_NAME = "propagationpolicy.karmada.io/name"
PP_ID = "propagationpolicy.karmada.io/permanent-id"
CPP_NAME = "clusterpropagationpolicy.karmada.io/name"
CPP_ID = "clusterpropagationpolicy.karmada.io/permanent-id"
#: Label of a template: who propagates it in place of policies.
CLAIMED_BY = "resourcetemplate.karmada.io/claimed-by"
#: By these an object and its binding name their policy.
POLICY_MARKS = (PP_NAMESPACE, PP_NAME, CPP_NAME, PP_ID, CPP_ID)
#: Of a binding, and of its Works.
RB_ID = "resourcebinding.karmada.io/permanent-id"
CRB_ID = "clusterresourcebinding.karmada.io/permanent-id"
#: Of a binding: made for what an object of another binding depends on.
DEPENDED_ON = f"{_POLICY}/depended-by"


def execution_namespace(cluster: str) -> str:
    """Where the Works of a member are."""
    return f"karmada-es-{cluster}"


def binding_name(kind: str, name: str) -> str:
    """Of an object's ResourceBinding: its name and kind in lower case; a colon is not allowed in names of objects of
    this kind."""
    return f"{name.replace(':', '.')}-{kind.lower()}"
