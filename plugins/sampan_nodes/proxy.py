"""nodes/proxy: HTTP to a node's agent, or to another port of the node, through the API server.

The agent is shown the API server's client certificate and must show one of the cluster's authority. A WebSocket begins
with a GET, and the agent runs commands in pods over one: so an upgrade needs the permission to ``create`` nodes/proxy
too. Upstream lets a user who may only ``get`` a node's figures run commands in all of its pods.
Source: the API reference of connect verbs.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Call
from sampan.errors import BadRequest, Forbidden, NotFound, ServiceUnavailable
from sampan_forwarding.forwarding import METHODS, forward, redirect, split_target

__all__ = ["METHODS", "NodeProxy"]


class NodeProxy:
    """``pki`` is the directory with the API server's client certificate; without one agents are asked over HTTP."""

    def __init__(self, pki: str) -> None:
        self._pki = pki

    def __call__(self, call: Call) -> Any:
        moved = redirect(call)
        if moved is not None:
            return moved
        scheme, name, wanted = split_target(call.name)
        node = call.target() if name == call.name else call.cluster.get(call.resource, name)
        if node is None:
            raise NotFound(f'nodes "{name}" not found', kind="nodes", name=name)
        if call.headers.get("upgrade"):
            _require_create(call, name)
        host, agent = where(node)
        if wanted and not (wanted.isascii() and wanted.isdigit() and 0 < int(wanted) < 65536):
            raise BadRequest(f"{wanted!r} is not a port")
        if wanted and int(wanted) != agent:
            return forward(call, scheme, host, int(wanted))
        if not agent:
            raise ServiceUnavailable(f"node {name} has not said where its agent listens")
        if not self._pki or not (Path(self._pki) / "apiserver-kubelet-client.crt").exists():
            return forward(call, "http", host, agent)
        return forward(call, "https", host, agent, tls=_tls(self._pki))


def _require_create(call: Call, name: str) -> None:
    """Raises Forbidden."""
    allowed, why = call.cluster.authorize(call.user, "create", call.resource, name=name, subresource="proxy")
    if not allowed:
        words = f'nodes "{name}" is forbidden: User "{call.user.name}" cannot create resource "nodes/proxy", which an'
        raise Forbidden(f"{words} upgrade needs" + (f": {why}" if why else ""))


def where(node: Object) -> tuple[str, int]:
    """Address of the node and port of its agent (0: unknown); raises ServiceUnavailable without an address."""
    status = node.get("status") or {}
    addresses = {one.get("type"): one.get("address") for one in status.get("addresses") or ()}
    host = addresses.get("InternalIP") or addresses.get("Hostname")
    if not host:
        raise ServiceUnavailable(f"node {node['metadata']['name']} has no address yet")
    port = ((status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}).get("Port")
    return str(host), int(port or 0)


@lru_cache(maxsize=4)
def _tls(pki: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=f"{pki}/ca.crt")
    context.load_cert_chain(f"{pki}/apiserver-kubelet-client.crt", f"{pki}/apiserver-kubelet-client.key")
    context.check_hostname = False  # agents are known by our CA; their addresses change
    return context
