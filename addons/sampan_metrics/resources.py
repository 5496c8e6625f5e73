"""The collections this add-on speaks of."""

from sampan.contracts.kinds import Resource

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
API_VERSION = f"{GROUP}/{VERSION}"
API_SERVICE_NAME = f"{VERSION}.{GROUP}"
NAMESPACE, SERVICE = "kube-system", "sampan-metrics"

NODES = Resource("", "v1", "nodes", "Node", False)
PODS = Resource("", "v1", "pods", "Pod")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
API_SERVICES = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", False)
