"""Validation of container ports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule, validate_ip, validate_port

PROTOCOLS = ("TCP", "UDP", "SCTP")


def container_ports(path: str, ports: list[dict[str, Any]], *, host_network: bool) -> Iterator[Problem]:
    taken = set()
    for index, port in enumerate(ports):
        name, number, on_host = port.get("name"), port.get("containerPort"), port.get("hostPort")
        if name:
            if names.port_name(name):
                yield from by_rule(f"{path}[{index}].name", name, names.port_name)
            elif name in taken:
                yield problems.duplicate(f"{path}[{index}].name", name)
            taken.add(name)
        if not number:
            yield problems.required(f"{path}[{index}].containerPort")
        elif not 0 < number < 65536:
            yield from validate_port(f"{path}[{index}].containerPort", number)
        if on_host:
            yield from validate_port(f"{path}[{index}].hostPort", on_host)
            if host_network and on_host != number:
                detail = "must match `hostPort` when `hostNetwork` is true"
                yield problems.invalid(f"{path}[{index}].containerPort", number, detail)
        if port.get("hostIP"):
            yield from validate_ip(f"{path}[{index}].hostIP", port["hostIP"])
        protocol = port.get("protocol")
        if not protocol:
            yield problems.required(f"{path}[{index}].protocol")
        elif protocol not in PROTOCOLS:
            yield problems.unsupported(f"{path}[{index}].protocol", protocol, PROTOCOLS)


def host_ports(path: str, containers: list[dict[str, Any]]) -> Iterator[Problem]:
    """No two containers of a pod may use the same host port. ``path`` is the list's."""
    taken: set[str] = set()
    for at, container in enumerate(containers):
        for index, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            claim = f"{port.get('protocol')}/{port.get('hostIP') or ''}/{port['hostPort']}"
            if claim in taken:
                yield problems.duplicate(f"{path}[{at}].ports[{index}].hostPort", claim)
            taken.add(claim)
