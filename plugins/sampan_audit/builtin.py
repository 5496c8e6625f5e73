"""The policy where the operator names no file: changes at Metadata, reads only of what holds secrets.

Nothing is logged above Metadata, so no value of any object is. What runs all the time and changes nothing that a person
decides (leases, events, the status that nodes report, health checks) is left out.
"""

from __future__ import annotations

from typing import Any

_SECRETS = {"group": "", "resources": ["secrets", "serviceaccounts/token"]}

POLICY: dict[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}]},
        {
            "level": "None",
            "resources": [{"group": "", "resources": ["events"]}, {"group": "events.k8s.io", "resources": ["events"]}],
        },
        {
            "level": "None",
            "userGroups": ["system:nodes"],
            "verbs": ["update", "patch"],
            "resources": [{"group": "", "resources": ["nodes/status", "pods/status"]}],
        },
        # Controllers and nodes watch these all the time; what people read is logged.
        {"level": "None", "verbs": ["watch", "list"], "userGroups": ["system:nodes"]},
        {"level": "None", "verbs": ["watch", "list"], "users": ["system:kube-controller-manager"]},
        {"level": "Metadata", "resources": [_SECRETS]},
        {"level": "None", "verbs": ["get", "list", "watch"]},
        {"level": "Metadata"},
    ],
}
