"""Probes and lifecycle hooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan.objects import names, problems
from sampan.objects.pods.validation.common import at_least, one_of, port_number, port_or_name

PROBE_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
HOOK_HANDLERS = ("exec", "httpGet", "tcpSocket", "sleep")


def probe(path: str, found: dict[str, Any], *, only_one_success: bool) -> Iterator[Problem]:
    yield from handler(path, found, PROBE_HANDLERS)
    yield from at_least(f"{path}.initialDelaySeconds", found.get("initialDelaySeconds"), 0)
    for name in ("timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        yield from at_least(f"{path}.{name}", found.get(name), 1)
    if only_one_success and found.get("successThreshold", 1) != 1:
        yield problems.invalid(f"{path}.successThreshold", found["successThreshold"], "must be 1")


def handler(path: str, found: dict[str, Any], allowed: tuple[str, ...]) -> Iterator[Problem]:
    """Exactly one way of asking or acting."""
    given = [name for name in allowed if found.get(name) is not None]
    if not given:
        yield problems.required(path, "must specify a handler type")
        return
    for extra in given[1:]:
        yield problems.forbidden(f"{path}.{extra}", "may not specify more than 1 handler type")
    name = given[0]
    where, body = f"{path}.{name}", found[name]
    if name == "exec":
        if not body.get("command"):
            yield problems.required(f"{where}.command")
    elif name == "grpc":
        yield from port_number(f"{where}.port", body.get("port"))
    elif name == "sleep":
        if body.get("seconds", 0) < 0:
            yield problems.invalid(where, body.get("seconds"), "must be greater than or equal to 0")
    else:
        yield from port_or_name(f"{where}.port", body.get("port"))
        if name == "httpGet":
            yield from _http(where, body)


def _http(where: str, body: dict[str, Any]) -> Iterator[Problem]:
    if not body.get("path"):
        yield problems.required(f"{where}.path")
    yield from one_of(f"{where}.scheme", body.get("scheme"), ("HTTP", "HTTPS"))
    for index, header in enumerate(body.get("httpHeaders") or ()):
        for complaint in names.http_header(header.get("name") or ""):
            yield problems.invalid(f"{where}.httpHeaders[{index}].name", header.get("name") or "", complaint)
