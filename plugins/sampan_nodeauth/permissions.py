"""What every node may do, whatever runs on it. What depends on the node or its pods is the authorizer's.

Source: the rules of ClusterRole system:node, less what is decided object by object. A third-party agent that needs more
gets it by a role binding: this authorizer never denies, it only has no opinion.
"""

from __future__ import annotations

_READ = ("get", "list", "watch")
_WRITE_EVENTS = ("create", "patch", "update")
_TABLE = (
    (_WRITE_EVENTS, "", "events"),
    (_WRITE_EVENTS, "events.k8s.io", "events"),
    (_READ, "", "services"),
    (_READ, "", "nodes"),  # all of them, where upstream since 1.32 shows a node itself alone: no Node is a secret
    (("create", "patch", "update"), "", "nodes"),  # NodeRestriction keeps it to its own
    (("patch", "update"), "", "nodes/status"),
    (("create", "delete"), "", "pods"),  # mirror pods, and what has ended: NodeRestriction again
    (("patch", "update"), "", "pods/status"),
    (("create",), "", "pods/eviction"),
    (_READ, "discovery.k8s.io", "endpointslices"),
    (("create",), "authentication.k8s.io", "tokenreviews"),
    (("create",), "authorization.k8s.io", "subjectaccessreviews"),
    (("create", *_READ), "certificates.k8s.io", "certificatesigningrequests"),
    (_READ, "certificates.k8s.io", "clustertrustbundles"),
    (_READ, "node.k8s.io", "runtimeclasses"),
    (_READ, "storage.k8s.io", "csidrivers"),
)  # fmt: skip

#: (verb, group, resource or resource/subresource)
ALWAYS = frozenset((verb, group, resource) for verbs, group, resource in _TABLE for verb in verbs)
