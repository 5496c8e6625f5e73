"""User-facing roles: cluster-admin, and admin, edit, view with the parts they gather.

Source: RBAC documentation, "user-facing roles"; the rules are those of upstream's bootstrap policy, as far as
sampan serves their groups.
"""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_rbac.aggregation import gathered
from sampan_rbac.grammar import ALL, READ, WRITE, cluster_binding, cluster_role, group, paths, rule
from sampan_rbac.resources import GROUP, MASTERS

_CORE = "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets"
_APPS = (
    "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets "
    "statefulsets/scale"
)
_POD_STREAMS = "pods/attach pods/exec pods/portforward pods/proxy"

_VIEW = [
    rule(
        READ,
        "",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers "
        "replicationcontrollers/scale serviceaccounts services services/status bindings events limitranges namespaces "
        "namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status",
    ),
    rule(READ, "discovery.k8s.io", "endpointslices"),
    rule(
        READ,
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets "
        "replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
    ),
    rule(READ, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    rule(READ, "batch", "cronjobs cronjobs/status jobs jobs/status"),
    rule(READ, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    rule(READ, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
    rule(READ, "resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates"),
]

_EDIT = [
    rule(READ, "", f"{_POD_STREAMS} secrets services/proxy"),
    rule("impersonate", "", "serviceaccounts"),
    rule(WRITE, "", f"pods {_POD_STREAMS} {_CORE} serviceaccounts services services/proxy"),
    rule("create", "", "pods/eviction serviceaccounts/token"),
    rule(WRITE, "apps", _APPS),
    rule(WRITE, "autoscaling", "horizontalpodautoscalers"),
    rule(WRITE, "batch", "cronjobs jobs"),
    rule(WRITE, "policy", "poddisruptionbudgets"),
    rule(WRITE, "networking.k8s.io", "ingresses networkpolicies"),
    rule(ALL, "coordination.k8s.io", "leases"),
    rule(WRITE, "resource.k8s.io", "resourceclaims resourceclaimtemplates"),
]

_ADMIN = [
    rule("create", "authorization.k8s.io", "localsubjectaccessreviews"),
    rule(ALL, GROUP, "roles rolebindings"),
]


def manifests() -> list[Object]:
    """The roles and their bindings; the gathered ones hold their rules from the start."""
    parts = [
        cluster_role("system:aggregate-to-admin", _ADMIN, into="admin"),
        cluster_role("system:aggregate-to-edit", _EDIT, into="edit"),
        cluster_role("system:aggregate-to-view", _VIEW, into="view"),
    ]
    view = cluster_role("view", [], gathers="view", into="edit")
    edit = cluster_role("edit", [], gathers="edit", into="admin")
    admin = cluster_role("admin", [], gathers="admin")
    for role in (view, edit, admin):  # in this order: each gathers the one before
        role["rules"] = gathered(role, [*parts, view, edit])
    everything = [rule("*", "*", "*"), paths("*", "*")]
    return [
        cluster_role("cluster-admin", everything),
        cluster_binding("cluster-admin", "cluster-admin", group(MASTERS)),
        *parts,
        view,
        edit,
        admin,
    ]
