"""Objects that every cluster has: the Service through which pods reach the API, and the range of service addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan_services.resources import MANAGED_BY, SERVICE_LABEL


def kubernetes_objects(options: Mapping[str, Any]) -> list[Object]:
    """Service, Endpoints and EndpointSlice default/kubernetes, ServiceCIDR kubernetes.

    Options read: service_ip, service_cidr, api_endpoint_ip and api_port (where pods reach the API server).
    """
    address, port = options["api_endpoint_ip"], options["api_port"]
    ports = [{"name": "https", "port": port, "protocol": "TCP"}]
    labels = {"component": "apiserver", "provider": "kubernetes"}
    where = {"name": "kubernetes", "namespace": "default"}
    return [
        {
            "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": [options["service_cidr"]]},
            "status": {"conditions": [{
                "type": "Ready", "status": "True", "reason": "", "message": "Kubernetes Service CIDR is ready",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }]},
        },
        {
            "apiVersion": "v1", "kind": "Service", "metadata": {**where, "labels": labels},
            "spec": {
                "type": "ClusterIP", "clusterIP": options["service_ip"], "clusterIPs": [options["service_ip"]],
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": port}],
            },
        },
        {
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": {**where, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "subsets": [{"addresses": [{"ip": address}], "ports": ports}],
        },
        {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {**where, "labels": {SERVICE_LABEL: "kubernetes", MANAGED_BY: "sampan-apiserver"}},
            "addressType": "IPv4", "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": ports,
        },
    ]  # fmt: skip
