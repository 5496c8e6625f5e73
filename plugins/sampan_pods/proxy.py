"""pods/proxy: plain HTTP to a port of a pod, through the API server. Source: the API reference of connect verbs."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Answer, Call
from sampan.errors import BadRequest, NotFound, ServiceUnavailable

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "host", "authorization", "content-length",
})  # fmt: skip
SECONDS = 30.0
CHUNK = 65536


def split_target(text: str) -> tuple[str, str, str]:
    """(scheme, name, port) of ``[scheme:]name[:port]``."""
    parts = text.split(":")
    if len(parts) == 1:
        return "http", parts[0], ""
    if len(parts) == 2:
        return "http", parts[0], parts[1]
    if len(parts) == 3 and parts[0] in ("http", "https", ""):
        return parts[0] or "http", parts[1], parts[2]
    raise BadRequest(f"invalid pod request {text!r}")


def proxy(call: Call) -> Any:
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
    if wanted.isdigit():
        return int(wanted)
    if not wanted:
        return int(ports[0]["containerPort"]) if ports else 80
    for port in ports:
        if port.get("name") == wanted:
            return int(port["containerPort"])
    raise BadRequest(f"pod {pod['metadata']['name']} has no port called {wanted!r}")


def forward(call: Call, scheme: str, host: str, port: int) -> Answer:
    """Pass the request on and hand back the answer as it comes; certificates of pods are not verified, as upstream."""
    connection: http.client.HTTPConnection
    if scheme == "https":
        import ssl

        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=ssl._create_unverified_context())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    query = urlencode([(key, value) for key, values in call.query.items() for value in values])
    path = f"/{call.rest.lstrip('/')}" + (f"?{query}" if query else "")
    headers = {key: value for key, value in call.headers.items() if key not in HOP_BY_HOP}
    try:
        connection.request(call.method, path, body=call.raw_body() or None, headers=headers)
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise ServiceUnavailable(f"error trying to reach {host}:{port}: {error}") from error
    kept = [(key, value) for key, value in response.getheaders() if key.lower() not in {*HOP_BY_HOP, "content-type"}]
    kind = response.getheader("Content-Type") or "application/octet-stream"
    return Answer(response.status, _body(connection, response), kind, kept)


def _body(connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := response.read1(CHUNK):
            yield chunk
    finally:
        response.close()
        connection.close()
