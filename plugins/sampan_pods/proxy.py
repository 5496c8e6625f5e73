"""pods/proxy: HTTP, upgrades among it, to a port of a pod, through the API server.

Source: the API reference of connect verbs.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Call
from sampan.errors import BadRequest, NotFound
from sampan_forwarding.forwarding import METHODS, forward, redirect, split_target

__all__ = ["METHODS", "proxy"]


def proxy(call: Call) -> Any:
    moved = redirect(call)
    if moved is not None:
        return moved
    scheme, name, wanted = split_target(call.name)
    pod = call.target() if name == call.name else call.cluster.get(call.resource, name, call.namespace)
    if pod is None:
        raise NotFound(f'pods "{name}" not found', kind="pods", name=name)
    address = (pod.get("status") or {}).get("podIP")
    if not address:
        raise BadRequest(f"pod {name} has no address yet")
    return forward(call, scheme, str(address), _port(pod, wanted))


def _port(pod: Object, wanted: str) -> int:
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports") or ()]
    if wanted.isascii() and wanted.isdigit() and 0 < int(wanted) < 65536:
        return int(wanted)
    if not wanted:
        return int(ports[0]["containerPort"]) if ports else 80
    for port in ports:
        if port.get("name") == wanted:
            return int(port["containerPort"])
    raise BadRequest(f"pod {pod['metadata']['name']} has no port called {wanted!r}")
