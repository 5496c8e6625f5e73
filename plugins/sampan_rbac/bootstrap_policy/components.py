"""Component roles: discovery, the components of a cluster, its nodes, its add-ons.

Source: upstream's bootstrap policy. Where upstream runs some forty controllers each with a ServiceAccount of its own,
sampan runs its reconcilers as one user, system:kube-controller-manager, whose role is what those forty need together.
"""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_rbac.grammar import READ, binding, cluster_binding, cluster_role, group, paths, role, rule, user
from sampan_rbac.resources import GROUP

_AUTHENTICATED, _UNAUTHENTICATED = group("system:authenticated"), group("system:unauthenticated")
_CREATE_EVENTS = [rule("create patch update", part, "events") for part in ("", "events.k8s.io")]
_ISSUER = "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/"
_REVIEWS = [
    rule("create", "authentication.k8s.io", "tokenreviews"),
    rule("create", "authorization.k8s.io", "subjectaccessreviews"),
]

_EVERYBODY = [
    cluster_role(
        "system:discovery",
        [
            paths(
                "get",
                "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/",
            )
        ],
    ),
    cluster_binding("system:discovery", "system:discovery", _AUTHENTICATED),
    cluster_role(
        "system:basic-user",
        [
            rule("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
            rule("create", "authentication.k8s.io", "selfsubjectreviews"),
        ],
    ),
    cluster_binding("system:basic-user", "system:basic-user", _AUTHENTICATED),
    cluster_role("system:public-info-viewer", [paths("get", "/healthz /livez /readyz /version /version/")]),
    cluster_binding("system:public-info-viewer", "system:public-info-viewer", _AUTHENTICATED, _UNAUTHENTICATED),
    cluster_role("system:service-account-issuer-discovery", [paths("get", _ISSUER)]),
    cluster_binding(
        "system:service-account-issuer-discovery",
        "system:service-account-issuer-discovery",
        group("system:serviceaccounts"),
    ),
    cluster_role(
        "system:monitoring",
        [paths("get", "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*")],
    ),
    cluster_binding("system:monitoring", "system:monitoring", group("system:monitoring")),
    cluster_role("system:auth-delegator", _REVIEWS),
]

_SCHEDULER = [
    *_CREATE_EVENTS,
    *_REVIEWS,
    rule("create get list update watch", "coordination.k8s.io", "leases"),
    rule(READ, "", "nodes namespaces replicationcontrollers services persistentvolumes persistentvolumeclaims"),
    rule("delete get list watch", "", "pods"),
    rule("create", "", "bindings pods/binding"),
    rule("patch update", "", "pods/status persistentvolumes persistentvolumeclaims"),
    rule(READ, "apps", "replicasets statefulsets"),
    rule(READ, "policy", "poddisruptionbudgets"),
    rule(READ, "scheduling.k8s.io", "priorityclasses"),
    rule(READ, "storage.k8s.io", "csidrivers csinodes csistoragecapacities storageclasses volumeattachments"),
    rule(READ, "resource.k8s.io", "deviceclasses resourceclaims resourceslices"),
    rule("patch update", "resource.k8s.io", "resourceclaims resourceclaims/status"),
    rule("create delete", "resource.k8s.io", "resourceclaims"),  # for extended resources that device classes stand for
    rule("update", "resource.k8s.io", "resourceclaims/binding"),
]

#: Garbage collection and namespace deletion reach every kind, custom ones too; making things is named kind by kind.
_CONTROLLERS = [
    rule("delete deletecollection get list patch update watch", "*", "*"),
    rule(
        "create",
        "",
        "bindings configmaps endpoints events namespaces nodes persistentvolumes persistentvolumeclaims pods "
        "pods/eviction replicationcontrollers resourcequotas secrets serviceaccounts serviceaccounts/token services",
    ),
    rule("create", "apps", "controllerrevisions replicasets"),
    rule("create", "batch", "jobs"),
    rule("create", "certificates.k8s.io", "clustertrustbundles"),
    rule("create", "coordination.k8s.io", "leases"),
    rule("create", "discovery.k8s.io", "endpointslices"),
    rule("create", "events.k8s.io", "events"),
    rule("create", "flowcontrol.apiserver.k8s.io", "flowschemas prioritylevelconfigurations"),
    rule("create", "networking.k8s.io", "ipaddresses servicecidrs"),
    rule("create", "resource.k8s.io", "resourceclaims"),
    rule("create", "storage.k8s.io", "volumeattachments"),
    rule("approve sign", "certificates.k8s.io", "signers"),
    rule("escalate", GROUP, "clusterroles"),  # aggregation writes rules it does not hold itself
    *_REVIEWS,
    paths("get", "*"),
]

_PROXY = [
    rule("list watch", "", "endpoints services"),
    rule(READ, "", "nodes"),
    rule("list watch", "discovery.k8s.io", "endpointslices"),
    rule("list watch", "networking.k8s.io", "servicecidrs"),
    *_CREATE_EVENTS,
]

_NODE = [
    *_REVIEWS,
    rule(READ, "", "services"),
    rule("create get list watch", "", "nodes"),
    rule("patch update", "", "nodes nodes/status"),
    *_CREATE_EVENTS,
    rule("create delete get list watch", "", "pods"),
    rule("patch update", "", "pods/status"),
    rule("create", "", "pods/eviction serviceaccounts/token"),
    rule(READ, "", "configmaps secrets persistentvolumes persistentvolumeclaims serviceaccounts"),
    rule("patch update", "", "persistentvolumeclaims/status"),
    rule("create get list watch", "certificates.k8s.io", "certificatesigningrequests"),
    rule(READ, "certificates.k8s.io", "clustertrustbundles"),
    rule("create delete get list patch update watch", "coordination.k8s.io", "leases"),
    rule("create delete get list patch update watch", "storage.k8s.io", "csinodes"),
    rule(READ, "storage.k8s.io", "csidrivers volumeattachments"),
    rule(READ, "node.k8s.io", "runtimeclasses"),
    rule("create delete deletecollection get list patch update watch", "resource.k8s.io", "resourceslices"),
    rule("get", "resource.k8s.io", "resourceclaims"),
]

_COMPONENTS = [
    cluster_role("system:kube-scheduler", _SCHEDULER),
    cluster_binding("system:kube-scheduler", "system:kube-scheduler", user("system:kube-scheduler")),
    cluster_role("system:kube-controller-manager", _CONTROLLERS),
    cluster_binding(
        "system:kube-controller-manager", "system:kube-controller-manager", user("system:kube-controller-manager")
    ),
    cluster_role("system:node-proxier", _PROXY),
    cluster_binding("system:node-proxier", "system:node-proxier", user("system:kube-proxy")),
    cluster_role("system:node", _NODE),
    # Bound to no user, as upstream: sampan_nodeauth authorizes each node. It stays for clusters that bind it on
    # purpose.
    cluster_binding("system:node", "system:node"),
    cluster_role(
        "system:kubelet-api-admin",
        [
            rule(READ, "", "nodes"),
            rule("proxy", "", "nodes"),
            rule("*", "", "nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats"),
        ],
    ),
    cluster_role(
        "system:node-bootstrapper",
        [rule("create get list watch", "certificates.k8s.io", "certificatesigningrequests")],
    ),
    cluster_role(
        "system:persistent-volume-provisioner",
        [
            rule("create delete get list watch", "", "persistentvolumes"),
            rule("get list update watch", "", "persistentvolumeclaims"),
            rule(READ, "storage.k8s.io", "storageclasses"),
            rule("create patch update watch", "", "events"),
        ],
    ),
    *(
        cluster_role(
            f"system:certificates.k8s.io:certificatesigningrequests:{name}",
            [rule("create", "certificates.k8s.io", f"certificatesigningrequests/{name}")],
        )
        for name in ("nodeclient", "selfnodeclient")
    ),
    *(
        cluster_role(
            f"system:certificates.k8s.io:{name}-approver",
            [rule("approve", "certificates.k8s.io", "signers", f"kubernetes.io/{name}")],
        )
        for name in ("legacy-unknown", "kubelet-serving", "kube-apiserver-client", "kube-apiserver-client-kubelet")
    ),
]

_DNS = [
    rule("list watch", "", "endpoints namespaces pods services"),
    rule("list watch", "discovery.k8s.io", "endpointslices"),
]

_ADDONS = [
    cluster_role("system:kube-dns", [rule("list watch", "", "endpoints services")]),
    cluster_role("system:coredns", _DNS),
    cluster_binding("system:sampan-dns", "system:coredns", user("system:sampan-dns")),
]

_READER = "extension-apiserver-authentication-reader"

_ROLES = [
    role("kube-system", _READER, rule(READ, "", "configmaps", "extension-apiserver-authentication")),
    binding(
        "kube-system", f"system::{_READER}", _READER,
        user("system:kube-controller-manager"), user("system:kube-scheduler"),
    ),
]  # fmt: skip


def manifests() -> list[Object]:
    """Everything of this table."""
    return [*_EVERYBODY, *_COMPONENTS, *_ADDONS, *_ROLES]
