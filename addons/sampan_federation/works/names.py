"""Names, labels and annotations of Works and of what they carry, as users of Karmada know them.

Source: Karmada's API reference (work.karmada.io, well-known labels and annotations). Pure functions.
"""

from __future__ import annotations

import uuid

PREFIX = "karmada-es-"  # of a cluster's execution namespace

MANAGED = "karmada.io/managed"  # label, "true" on what the federation has put on a member
BINDING_ID = "resourcebinding.karmada.io/permanent-id"  # label
CLUSTER_BINDING_ID = "clusterresourcebinding.karmada.io/permanent-id"  # label
WORK_ID = "work.karmada.io/permanent-id"  # label

WORK_NAMESPACE = "work.karmada.io/namespace"  # annotations from here on
WORK_NAME = "work.karmada.io/name"
BINDING_NAMESPACE = "resourcebinding.karmada.io/namespace"
BINDING_NAME = "resourcebinding.karmada.io/name"
CLUSTER_BINDING_NAME = "clusterresourcebinding.karmada.io/name"
GENERATION = "resourcetemplate.karmada.io/generation"
UID = "resourcetemplate.karmada.io/uid"
CONFLICT = "work.karmada.io/conflict-resolution"
MANAGED_LABELS = "resourcetemplate.karmada.io/managed-labels"
MANAGED_ANNOTATIONS = "resourcetemplate.karmada.io/managed-annotations"
APPLIED_OVERRIDES = "policy.karmada.io/applied-overrides"
APPLIED_CLUSTER_OVERRIDES = "policy.karmada.io/applied-cluster-overrides"
RETAIN_REPLICAS = "resourcetemplate.karmada.io/retain-replicas"  # label, "true": the member's HPA sets replicas

#: Annotation of a template. "report": what others change on a member stays, and the Work says so. Ours: Karmada
#: always puts it back.
DRIFT = "federation.sampan.dev/drift"

#: Annotation of a Work: the labels that its object was given of the cluster that it came from (JSON).
STATE = "federation.sampan.dev/preserved-state"

WORK_FINALIZER = "karmada.io/execution-controller"
BINDING_FINALIZERS = ("karmada.io/binding-controller", "karmada.io/cluster-resource-binding-controller")

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # of names in Kubernetes: no vowels, no digits that look like them
_SPACE = uuid.UUID("8f0b1f0c-6a53-4a6e-9a3c-5f2c6f0d7f11")


def execution_namespace(cluster: str) -> str:
    return PREFIX + cluster


def cluster_of(namespace: str) -> str:
    """The member whose execution namespace this is, "" for any other namespace."""
    return namespace[len(PREFIX) :] if namespace.startswith(PREFIX) else ""


def work_name(kind: str, name: str, namespace: str = "") -> str:
    """``nginx-687f7fb96f`` for the Deployment default/nginx: the same name that Karmada gives."""
    shown = name.replace(":", ".").lower()
    whole = "-".join(filter(None, (namespace, shown, kind))).lower()
    return f"{shown}-{_safe(str(_fnv32a(whole.encode())))}"


def work_id(namespace: str, name: str) -> str:
    """The permanent id of a Work. Karmada draws it by chance; here it follows from the name: rendering is pure."""
    return str(uuid.uuid5(_SPACE, f"{namespace}/{name}"))


def _safe(digits: str) -> str:
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in digits)


def _fnv32a(data: bytes) -> int:
    found = 0x811C9DC5
    for byte in data:
        found = ((found ^ byte) * 0x01000193) & 0xFFFFFFFF
    return found
