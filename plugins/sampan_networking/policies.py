"""What a NetworkPolicy must fulfil. Source: API reference networking.k8s.io/v1. Nothing here enforces one."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import problems, validation

PROTOCOLS = ("TCP", "UDP", "SCTP")
TYPES = ("Ingress", "Egress")


def validate_policy(new: Object, old: Object | None) -> Iterator[Problem]:
    spec, known = new.get("spec") or {}, _ranges((old or {}).get("spec") or {})
    yield from validation.validate_label_selector("spec.podSelector", spec.get("podSelector"))
    for direction, whom in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or ()):
            path = f"spec.{direction}[{index}]"
            for number, port in enumerate(rule.get("ports") or ()):
                yield from _port(f"{path}.ports[{number}]", port)
            for number, peer in enumerate(rule.get(whom) or ()):
                yield from _peer(f"{path}.{whom}[{number}]", peer, known)
    kinds = spec.get("policyTypes") or ()
    if len(kinds) > len(TYPES):
        yield problems.invalid("spec.policyTypes", list(kinds), "may not specify more than two policyTypes")
        return
    for index, kind in enumerate(kinds):
        if kind not in TYPES:
            yield problems.unsupported_in_order(f"spec.policyTypes[{index}]", kind, TYPES)


def _ranges(spec: Object) -> set[str]:
    """Every range that a policy has: what it was allowed to have wrong it may keep, wherever it is moved to."""
    blocks = [
        peer["ipBlock"]
        for direction, whom in (("ingress", "from"), ("egress", "to"))
        for rule in spec.get(direction) or ()
        for peer in rule.get(whom) or ()
        if peer.get("ipBlock") is not None
    ]
    return {text for block in blocks for text in (block.get("cidr") or "", *(block.get("except") or ()))}


def _port(path: str, given: Object) -> Iterator[Problem]:
    if given.get("protocol") is not None and given["protocol"] not in PROTOCOLS:
        yield problems.unsupported_in_order(f"{path}.protocol", given["protocol"], PROTOCOLS)
    port, end = given.get("port"), given.get("endPort")
    if port is not None:
        yield from validation.validate_port_or_name(f"{path}.port", port)
    if end is None:
        return
    if port is None:
        yield problems.invalid(f"{path}.endPort", end, "may not be specified when `port` is not specified")
    elif isinstance(port, str):
        yield problems.invalid(f"{path}.endPort", end, "may not be specified when `port` is non-numeric")
    else:
        if end < port:
            yield problems.invalid(f"{path}.endPort", port, "must be greater than or equal to `port`")  # sic: the port
        yield from validation.validate_port(f"{path}.endPort", end)


def _peer(path: str, peer: Object, known: Collection[str]) -> Iterator[Problem]:
    selectors = [name for name in ("podSelector", "namespaceSelector") if peer.get(name) is not None]
    for name in selectors:
        yield from validation.validate_label_selector(f"{path}.{name}", peer[name])
    block = peer.get("ipBlock")
    if block is not None:
        yield from _block(f"{path}.ipBlock", block, known)
        if selectors:
            yield problems.forbidden(path, "may not specify both ipBlock and another peer")
    elif not selectors:
        yield problems.required(path, "must specify a peer")


def _block(path: str, block: Object, known: Collection[str]) -> Iterator[Problem]:
    cidr = block.get("cidr") or ""
    if not cidr:
        yield problems.required(f"{path}.cidr")
        return
    yield from validation.validate_cidr(f"{path}.cidr", cidr, known=known)
    whole = _network(cidr)
    if whole is None:
        return
    for index, text in enumerate(block.get("except") or ()):
        where = f"{path}.except[{index}]"
        yield from validation.validate_cidr(where, text, known=known)
        part = _network(text)
        if part is not None and not _is_inside(whole, part):
            yield problems.invalid(where, text, "must be a strict subset of `cidr`")


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_inside(whole: _Network, part: _Network) -> bool:
    return part.version == whole.version and part.prefixlen > whole.prefixlen and part.network_address in whole
