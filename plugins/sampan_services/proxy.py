"""services/proxy: HTTP, upgrades among it, to one of the endpoints behind a Service, through the API server.

Source: the API reference of connect verbs; the port in the path is a name or number of the Service's own ports.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Call
from sampan.errors import NotFound, ServiceUnavailable
from sampan_forwarding.forwarding import forward, redirect, split_target
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import SERVICES
from sampan_services.resources import SERVICE_LABEL


def proxy(call: Call) -> Any:
    """An Answer of the endpoint; NotFound without the Service, ServiceUnavailable without an endpoint."""
    moved = redirect(call)
    if moved is not None:
        return moved
    scheme, name, wanted = split_target(call.name)
    service = call.cluster.get(SERVICES, name, call.namespace)
    if service is None:
        raise NotFound(f'services "{name}" not found', kind="services", name=name)
    port = chosen_port(service, wanted)
    slices = call.cluster.list(SLICES, call.namespace, labels=f"{SERVICE_LABEL}={name}")
    found = ready_addresses(slices, port)
    if not found:
        raise ServiceUnavailable(f'no endpoints available for service "{call.name}"')
    host, number = random.choice(found)
    return forward(call, scheme, host, number)


def chosen_port(service: Object, wanted: str) -> Object:
    """The Service's port of that name or number; its only one when none is wanted. Raises ServiceUnavailable."""
    ports: list[Object] = list(service["spec"].get("ports") or ())
    if not wanted and len(ports) == 1:
        return ports[0]
    for port in ports:
        if wanted == (port.get("name") or "") or wanted == str(port["port"]):
            return port
    name = service["metadata"]["name"]
    raise ServiceUnavailable(f'no service port "{wanted}" found for service "{name}"')


def ready_addresses(slices: Sequence[Object], port: Object) -> list[tuple[str, int]]:
    """(address, port) of every ready endpoint for this port of the Service."""
    found = []
    for slice_ in slices:
        for offered in slice_.get("ports") or ():
            if (offered.get("name") or "") != (port.get("name") or "") or not offered.get("port"):
                continue
            for endpoint in slice_.get("endpoints") or ():
                if (endpoint.get("conditions") or {}).get("ready", True) is not False:
                    found.append((str(endpoint["addresses"][0]), int(offered["port"])))
    return found
