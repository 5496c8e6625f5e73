"""What probes and lifecycle hooks do: an HTTP request, a TCP connection, or a command in the container."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import time
from typing import NamedTuple

from sampan import KUBERNETES_MINOR
from sampan.contracts.kinds import Object
from sampan_node.pod import grpc_health
from sampan_runtime.contracts import Runtime, RuntimeFailure

LONGEST_ANSWER = 10 * 1024


class HandlerResult(NamedTuple):
    ok: bool
    message: str


def perform(
    handler: Object, container: Object, *, runtime: Runtime, container_id: str, ip: str, timeout: float
) -> HandlerResult:
    """Do what an exec, httpGet, tcpSocket, grpc or sleep handler says; never raises."""
    try:
        if "exec" in handler:
            return _exec(handler["exec"].get("command") or [], runtime, container_id, timeout)
        if "httpGet" in handler:
            return _http(handler["httpGet"], container, ip, timeout)
        if "tcpSocket" in handler:
            spec = handler["tcpSocket"]
            address = spec.get("host") or ip, port_of(spec["port"], container)
            socket.create_connection(address, timeout=timeout).close()
            return HandlerResult(True, "")
        if "sleep" in handler:
            time.sleep(min(handler["sleep"].get("seconds", 0), timeout))
            return HandlerResult(True, "")
        if "grpc" in handler:
            return _grpc(handler["grpc"], ip, timeout)
    except (OSError, KeyError, http.client.HTTPException, RuntimeFailure, ValueError) as error:
        return HandlerResult(False, str(error) or type(error).__name__)
    return HandlerResult(False, f"this kind of handler is not known to the node agent: {', '.join(handler)}")


def port_of(port: int | str, container: Object) -> int:
    """A number, or the number of the container's port of that name. Raises ValueError."""
    if isinstance(port, int) or str(port).isdigit():
        return int(port)
    for one in container.get("ports") or ():
        if one.get("name") == port:
            return int(one["containerPort"])
    raise ValueError(f"couldn't find port: {port!r}")


def _grpc(spec: Object, ip: str, timeout: float) -> HandlerResult:
    address = ip, int(spec["port"])
    try:
        word = grpc_health.check(address, spec.get("service") or "", timeout)
    except grpc_health.NoAnswer as error:
        return HandlerResult(False, f"error: {error}")
    except OSError:
        text = (
            f'timeout: failed to connect service "{ip}:{spec["port"]}" within {timeout:g}s: context deadline exceeded'
        )
        return HandlerResult(False, text)
    return HandlerResult(
        word == "SERVING", f'service unhealthy (responded with "{word}")' if word != "SERVING" else word
    )


def _exec(command: list[str], runtime: Runtime, container_id: str, timeout: float) -> HandlerResult:
    try:
        code, said = runtime.exec_sync(container_id, command, timeout)
    except TimeoutError:
        return HandlerResult(False, f"command timed out: {command!r} timed out after {timeout:g}s")
    return HandlerResult(code == 0, said.decode(errors="replace")[:LONGEST_ANSWER])


def _http(spec: Object, container: Object, ip: str, timeout: float) -> HandlerResult:
    host, port = spec.get("host") or ip, port_of(spec["port"], container)
    path = spec.get("path") or "/"
    path = path if path.startswith("/") else f"/{path}"
    secure = spec.get("scheme", "HTTP").upper() == "HTTPS"
    connection = _connection(host, port, timeout, secure=secure)
    headers = {"User-Agent": f"kube-probe/1.{KUBERNETES_MINOR}", "Accept": "*/*", "Connection": "close"}
    headers |= {header["name"]: header["value"] for header in spec.get("httpHeaders") or ()}
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read(LONGEST_ANSWER).decode(errors="replace")
    if 200 <= answer.status < 400:
        return HandlerResult(True, body)
    return HandlerResult(False, f"HTTP probe failed with statuscode: {answer.status}")


def _connection(host: str, port: int, timeout: float, *, secure: bool) -> http.client.HTTPConnection:
    if not secure:
        return http.client.HTTPConnection(host, port, timeout=timeout)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # as kubelet: probes do not verify
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)


def close_descriptor(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)
