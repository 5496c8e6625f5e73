"""Probes and lifecycle hooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule, validate_non_negative, validate_port, validate_port_or_name

PROBE_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
HOOK_HANDLERS = ("exec", "httpGet", "tcpSocket", "sleep")
NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
SCHEMES = ("HTTP", "HTTPS")


def probe(path: str, found: dict[str, Any], kind: str) -> Iterator[Problem]:
    """``kind`` is the field's name: livenessProbe, readinessProbe, startupProbe."""
    yield from handler(path, found, PROBE_HANDLERS)
    for name in NUMBERS:
        if (found.get(name) or 0) < 0:
            yield from validate_non_negative(f"{path}.{name}", found[name])
    grace = found.get("terminationGracePeriodSeconds")
    if kind == "readinessProbe":
        if grace is not None:
            detail = "must not be set for readinessProbes"
            yield problems.invalid(f"{path}.terminationGracePeriodSeconds", grace, detail)
        return
    if grace is not None and grace <= 0:
        yield problems.invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0")
    if found.get("successThreshold", 1) != 1:
        yield problems.invalid(f"{path}.successThreshold", found["successThreshold"], "must be 1")


def hooks(path: str, lifecycle: dict[str, Any], grace: int | None) -> Iterator[Problem]:
    """postStart and preStop; ``grace`` is the pod's terminationGracePeriodSeconds, a sleep must not be longer."""
    for name in ("postStart", "preStop"):
        if (hook := lifecycle.get(name)) is not None:
            yield from handler(f"{path}.{name}", hook, HOOK_HANDLERS, grace)


def handler(path: str, found: dict[str, Any], allowed: tuple[str, ...], grace: int | None = None) -> Iterator[Problem]:
    """Exactly one handler must be set."""
    given = [name for name in allowed if found.get(name) is not None]
    if not given:
        yield problems.required(path, "must specify a handler type")
        return
    yield from _one_handler(path, given[0], found[given[0]], grace)
    for extra in given[1:]:
        yield problems.forbidden(f"{path}.{extra}", "may not specify more than 1 handler type")


def _one_handler(path: str, name: str, body: dict[str, Any], grace: int | None) -> Iterator[Problem]:
    if name == "exec":
        if not body.get("command"):
            yield problems.required(f"{path}.exec.command")
    elif name == "httpGet":
        yield from _http(path, body)
    elif name == "tcpSocket":
        yield from _port(f"{path}.tcpSocket.port", body.get("port"))
    elif name == "grpc":
        yield from validate_port(f"{path}.grpc.port", body.get("port") or 0)
    elif grace is not None and not 0 <= body.get("seconds", 0) <= grace:
        detail = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
        yield problems.invalid(f"{path}.sleep", body["seconds"], detail)


def _port(path: str, value: int | str | None) -> Iterator[Problem]:
    if isinstance(value, int) and 0 < value < 65536:
        return
    yield from validate_port_or_name(path, 0 if value is None else value)


def _http(path: str, body: dict[str, Any]) -> Iterator[Problem]:
    if not body.get("path"):
        yield problems.required(f"{path}.httpGet.path")
    yield from _port(f"{path}.httpGet.port", body.get("port"))
    if (scheme := body.get("scheme")) not in SCHEMES:
        yield problems.unsupported(f"{path}.httpGet.scheme", scheme or "", SCHEMES)
    for index, header in enumerate(body.get("httpHeaders") or ()):
        name = header.get("name") or ""
        yield from by_rule(f"{path}.httpGet.httpHeaders[{index}].name", name, names.http_header)
