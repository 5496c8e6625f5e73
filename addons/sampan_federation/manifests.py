"""What the add-on ships: its kinds, the namespace of members' credentials, and what its identity may do."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_federation.kinds import clusters, policies, rebalancing, scaling, serving, works
from sampan_federation.names import CLUSTER_NAMESPACE

_RBAC = "rbac.authorization.k8s.io"
_LABELS = {"sampan.dev/addon": "federation"}
_NAME = "sampan:federation"

_ALL = ["get", "list", "watch", "create", "update", "patch", "delete"]
#: Templates of any kind are read, and marked with the policy that propagates them; their status is what members say.
RULES: list[Object] = [
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["patch"]},
    {"apiGroups": ["*"], "resources": ["*/status"], "verbs": ["update", "patch"]},
    {
        "apiGroups": [
            "cluster.karmada.io",
            "policy.karmada.io",
            "work.karmada.io",
            "apps.karmada.io",
            "autoscaling.karmada.io",
            "networking.karmada.io",
            "multicluster.x-k8s.io",
        ],
        "resources": ["*"],
        "verbs": _ALL,
    },
    {"apiGroups": [""], "resources": ["namespaces", "events", "services"], "verbs": _ALL},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _ALL},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": _ALL},
]
SECRET_RULES: list[Object] = [
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "update", "patch", "delete"]}
]


def definitions() -> list[Object]:
    """The kinds."""
    every = (clusters, policies, works, serving, scaling, rebalancing)
    return [each.manifest() for module in every for each in module.DEFINITIONS]


def manifests(user: str) -> list[Object]:
    """In the order they have to be created."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": CLUSTER_NAMESPACE, "labels": _LABELS}}
    return [
        *definitions(),
        namespace,
        *_access("ClusterRole", RULES, user, {}),
        *_access("Role", SECRET_RULES, user, {"namespace": CLUSTER_NAMESPACE}),
    ]


def _access(kind: str, rules: list[Object], user: str, where: dict[str, str]) -> list[Object]:
    metadata = {"name": _NAME, **where, "labels": _LABELS}
    return [
        {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{_RBAC}/v1", "kind": f"{kind}Binding", "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": _NAME},
            "subjects": [{"kind": "User", "apiGroup": _RBAC, "name": user}],
        },
    ]  # fmt: skip
