"""The kinds of this plugin, and the group that may do everything."""

from __future__ import annotations

from sampan_machinery.resources import CLUSTER_ROLE_BINDINGS as CLUSTER_BINDINGS
from sampan_machinery.resources import CLUSTER_ROLES, ROLES
from sampan_machinery.resources import ROLE_BINDINGS as BINDINGS

GROUP = "rbac.authorization.k8s.io"


ALL = (ROLES, BINDINGS, CLUSTER_ROLES, CLUSTER_BINDINGS)

#: The group that may do everything, so that the cluster's owner cannot be locked out.
MASTERS = "system:masters"
