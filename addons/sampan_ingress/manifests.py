"""What the add-on ships: what its identity may do, and its IngressClass. A user's edits stay."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sampan.contracts.kinds import Object
from sampan.contracts.options import ManifestOptions

USER = "system:sampan-ingress"
NAME = "sampan:ingress"
NAMESPACE = "kube-system"
LEASE = "sampan-ingress"
CONTROLLER = "sampan.dev/ingress"
LABELS = {"sampan.dev/addon": "ingress", "app.kubernetes.io/name": "sampan-ingress"}
IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"

READS = ["get", "list", "watch"]

#: Secrets are watched by their type, which RBAC cannot say: the rule is wider than what is read.
CLUSTER_RULES: list[Object] = [
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingressclasses"], "verbs": READS},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses/status"], "verbs": ["patch", "update"]},
    {"apiGroups": [""], "resources": ["services", "secrets"], "verbs": READS},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": READS},
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]},
    {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch", "update"]},
]


def lease_name(controller: str) -> str:
    """What the controllers of one name elect their speaker by."""
    return LEASE if controller == CONTROLLER else f"{LEASE}-{hashlib.sha256(controller.encode()).hexdigest()[:8]}"


def manifests(options: ManifestOptions) -> list[Object]:
    """In the order they have to be created. Options read: settings."""
    settings = options.settings
    controller = str(getattr(settings, "controller", CONTROLLER))
    return [
        *_access("ClusterRole", CLUSTER_RULES, {}),
        *_access("Role", _lease_rules(lease_name(controller)), {"namespace": NAMESPACE}),
        {
            "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
            "metadata": {
                "name": getattr(settings, "ingress_class", "sampan"), "labels": LABELS,
                "annotations": {IS_DEFAULT: "true" if getattr(settings, "default_class", False) else "false"},
            },
            "spec": {"controller": controller},
        },
    ]  # fmt: skip


def _lease_rules(name: str) -> list[Object]:
    leases = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    return [
        {**leases, "verbs": ["create"]},
        {**leases, "resourceNames": [name], "verbs": ["get", "update", "patch"]},
    ]


def _access(kind: str, rules: list[Object], where: Mapping[str, str]) -> list[Object]:
    group = "rbac.authorization.k8s.io"
    metadata = {"name": NAME, **where, "labels": LABELS}
    return [
        {"apiVersion": f"{group}/v1", "kind": kind, "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{group}/v1", "kind": f"{kind}Binding", "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": kind, "name": NAME},
            "subjects": [{"kind": "User", "apiGroup": group, "name": USER}],
        },
    ]  # fmt: skip
