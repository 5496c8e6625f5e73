"""The collections this plugin speaks of."""

from sampan.contracts.kinds import Resource

GROUP = "apiregistration.k8s.io"
APISERVICES = Resource(GROUP, "v1", "apiservices", "APIService", False)
SERVICES = Resource("", "v1", "services", "Service")
SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")

SERVICE_LABEL = "kubernetes.io/service-name"
#: On the APIServices of what this server serves itself, as upstream's autoregistration marks them.
AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged"
