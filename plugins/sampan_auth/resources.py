"""The resources this plugin reads, and the groups it gives."""

from __future__ import annotations

from sampan.contracts.kinds import Resource

ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount", True)
SECRETS = Resource("", "v1", "secrets", "Secret", True)
PODS = Resource("", "v1", "pods", "Pod", True)
NODES = Resource("", "v1", "nodes", "Node", False)

AUTHENTICATED = "system:authenticated"
ANONYMOUS_NAME = "system:anonymous"
