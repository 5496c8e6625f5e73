"""The collections this plugin looks at."""

from __future__ import annotations

from sampan.contracts.kinds import Resource

PODS = Resource("", "v1", "pods", "Pod")
REPLICA_SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
