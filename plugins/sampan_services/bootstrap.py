"""Objects that every cluster has: the Service through which pods reach the API, and the range of service addresses."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan_services.resources import MANAGED_BY, SERVICE_LABEL

WHERE = {"name": "kubernetes", "namespace": "default"}


def kubernetes_objects(options: ClusterOptions) -> list[Object]:
    """Service, Endpoints and EndpointSlice default/kubernetes, ServiceCIDR kubernetes.

    Options read: service_ip, service_cidr, api_endpoint_ip and api_port (where pods reach the API server).
    """
    address, port = options.api_endpoint_ip, options.api_port
    labels = {"component": "apiserver", "provider": "kubernetes"}
    return [
        {
            "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": [options.service_cidr]},
            "status": {"conditions": [{
                "type": "Ready", "status": "True", "reason": "", "message": "Kubernetes Service CIDR is ready",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }]},
        },
        {
            "apiVersion": "v1", "kind": "Service", "metadata": {**WHERE, "labels": labels},
            "spec": {
                "type": "ClusterIP", "clusterIP": options.service_ip, "clusterIPs": [options.service_ip],
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": port}],
            },
        },
        kubernetes_endpoints([(address, port)]),
        *kubernetes_slices([(address, port)]),
    ]  # fmt: skip


def kubernetes_endpoints(servers: Sequence[tuple[str, int]]) -> Object:
    """Endpoints default/kubernetes of these servers (address and port, sorted); a subset for each port."""
    return {
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": {**WHERE, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        "subsets": [
            {"addresses": [{"ip": address} for address in addresses], "ports": _ports(port)}
            for port, addresses in _by_port(servers)
        ],
    }  # fmt: skip


def kubernetes_slices(servers: Sequence[tuple[str, int]]) -> list[Object]:
    """The same as EndpointSlices. A slice has one set of ports: where servers listen on several there is one for each,
    and the first has the plain name."""
    return [
        {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "name": f"kubernetes-{port}" if number else "kubernetes", "namespace": "default",
                "labels": {SERVICE_LABEL: "kubernetes", MANAGED_BY: "sampan-apiserver"},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in addresses],
            "ports": _ports(port),
        }
        for number, (port, addresses) in enumerate(_by_port(servers))
    ]  # fmt: skip


def _by_port(servers: Sequence[tuple[str, int]]) -> list[tuple[int, list[str]]]:
    ports: dict[int, list[str]] = {}
    for address, port in servers:
        ports.setdefault(port, []).append(address)
    return sorted(ports.items())


def _ports(port: int) -> list[Object]:
    return [{"name": "https", "port": port, "protocol": "TCP"}]
