"""The collection that this plugin alone knows, and names that mean something to it."""

from sampan.contracts.kinds import Resource

NODE_PORTS = Resource("allocation.sampan.dev", "v1", "nodeports", "NodePort", False)

SERVICE_LABEL = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
