"""The resources this plugin speaks of."""

from __future__ import annotations

from sampan.contracts.kinds import Resource

GROUP = "rbac.authorization.k8s.io"

ROLES = Resource(GROUP, "v1", "roles", "Role", True)
BINDINGS = Resource(GROUP, "v1", "rolebindings", "RoleBinding", True)
CLUSTER_ROLES = Resource(GROUP, "v1", "clusterroles", "ClusterRole", False)
CLUSTER_BINDINGS = Resource(GROUP, "v1", "clusterrolebindings", "ClusterRoleBinding", False)

ALL = (ROLES, BINDINGS, CLUSTER_ROLES, CLUSTER_BINDINGS)

#: The group that may do everything, so that the cluster's owner cannot be locked out.
MASTERS = "system:masters"
