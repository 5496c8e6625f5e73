"""Names that mean something to this add-on."""

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
API_VERSION = f"{GROUP}/{VERSION}"
API_SERVICE_NAME = f"{VERSION}.{GROUP}"
NAMESPACE, SERVICE = "kube-system", "sampan-metrics"
