"""Where the server behind a Service reference listens: from the Service and its EndpointSlices. Pure.

For what the API server calls itself: servers behind APIServices, webhooks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object

HTTPS = 443
#: The label by which an EndpointSlice names its Service.
SERVICE_LABEL = "kubernetes.io/service-name"


class Target(NamedTuple):
    """The endpoints that are ready, and the name their certificate has to carry."""

    addresses: tuple[tuple[str, int], ...]
    server_name: str


class NoEndpoints(NamedTuple):
    """Why there is nowhere to go; the reason is that of an APIService's condition."""

    reason: str
    message: str


def resolve(reference: Object, service: Object | None, slices: Sequence[Object]) -> Target | NoEndpoints:
    """Where to go, or why there is nowhere to. ``reference`` has a name, a namespace and perhaps a port; ``slices`` are
    those of that Service."""
    name, namespace, wanted = reference["name"], reference["namespace"], reference.get("port") or HTTPS
    server_name = f"{name}.{namespace}.svc"
    if service is None:
        return NoEndpoints("ServiceNotFound", f'service/{name} in "{namespace}" is not present')
    spec = service.get("spec") or {}
    if spec.get("type") == "ExternalName":
        return Target(((str(spec.get("externalName")), wanted),), server_name)
    port = next((port for port in spec.get("ports") or () if port.get("port") == wanted), None)
    if port is None:
        return NoEndpoints("ServicePortError", f'service/{name} in "{namespace}" is not listening on port {wanted}')
    if not slices:
        return NoEndpoints("EndpointsNotFound", f'cannot find endpointslices for service/{name} in "{namespace}"')
    addresses = tuple(dict.fromkeys(_addresses(slices, port.get("name") or "")))
    if not addresses:
        what = f'endpointslices for service/{name} in "{namespace}"'
        named = port.get("name") or ""
        return NoEndpoints("MissingEndpoints", f'{what} have no addresses with port name "{named}"')
    return Target(addresses, server_name)


def _addresses(slices: Sequence[Object], port_name: str) -> list[tuple[str, int]]:
    found = []
    for slice_ in slices:
        numbers = [p["port"] for p in slice_.get("ports") or () if (p.get("name") or "") == port_name and p.get("port")]
        for endpoint in slice_.get("endpoints") or ():
            if (endpoint.get("conditions") or {}).get("ready", True) is not False:
                found += [(str(endpoint["addresses"][0]), int(number)) for number in numbers]
    return found
