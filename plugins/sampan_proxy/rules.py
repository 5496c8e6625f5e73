"""Wanted fronts as one nftables table of flat maps, whole or as a difference. Pure text.

No chain per Service: ``svc`` sends a packet to the chain for its number of backends, which draws one and looks it up
in ``eps``. So a packet costs two look-ups however many Services there are, and a change costs its own elements only.
The mark carries the drawn number; bit 0x4000 says that the source has to be masqueraded (node ports).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sampan_proxy.wanted import Backend, Front, Wanted

NODE_PORT_MARK = 0x4000


@dataclass(frozen=True)
class Table:
    """What is in the kernel, as element texts by map: key → data ("" in sets)."""

    name: str
    pod_cidr: str
    local_node_ports: bool = False  # node ports on 127.0.0.1 too: only where pods live on loopback
    maps: dict[str, dict[str, str]] = field(default_factory=dict)
    sizes: frozenset[int] = frozenset()


def build(name: str, pod_cidr: str, wanted: Wanted) -> Table:
    """The table that serves what is wanted."""
    maps: dict[str, dict[str, str]] = {"svc": {}, "eps": {}, "np": {}, "npeps": {}, "hairpin": {}, "none": {}, "npnone": {}}
    sizes = set()
    for front, backends in wanted.items():
        _add(maps, front, backends)
        if backends:
            sizes.add(len(backends))
    local = any(backend.address.startswith("127.") for backends in wanted.values() for backend in backends)
    return Table(name, pod_cidr, local, maps, frozenset(sizes))


def _add(maps: dict[str, dict[str, str]], front: Front, backends: tuple[Backend, ...]) -> None:
    key = f"{front.protocol} . {front.port}" if not front.address else f"{front.address} . {front.protocol} . {front.port}"
    if not backends:
        maps["none" if front.address else "npnone"][key] = ""
        return
    count = len(backends)
    if front.address:
        maps["svc"][key] = f"goto n{count}"
    else:
        maps["np"][key] = f"goto p{count}"
    for number, backend in enumerate(backends):
        where, mark = ("eps", number) if front.address else ("npeps", number | NODE_PORT_MARK)
        maps[where][f"{key} . 0x{mark:08x}"] = f"{backend.address} . {backend.port}"
        maps["hairpin"][f"{backend.address} . {backend.address}"] = ""


TYPES = {
    "svc": "map {name} {{ type ipv4_addr . inet_proto . inet_service : verdict; }}",
    "eps": "map {name} {{ type ipv4_addr . inet_proto . inet_service . mark : ipv4_addr . inet_service; }}",
    "np": "map {name} {{ type inet_proto . inet_service : verdict; }}",
    "npeps": "map {name} {{ type inet_proto . inet_service . mark : ipv4_addr . inet_service; }}",
    "hairpin": "set {name} {{ type ipv4_addr . ipv4_addr; }}",
    "none": "set {name} {{ type ipv4_addr . inet_proto . inet_service; }}",
    "npnone": "set {name} {{ type inet_proto . inet_service; }}",
}


def whole(table: Table) -> str:
    """The script that makes the table, whatever was there under its name."""
    lines = [f"add table ip {table.name}", f"delete table ip {table.name}", f"table ip {table.name} {{"]
    lines += [" " + text.format(name=name) for name, text in TYPES.items()]
    for size in sorted(table.sizes):
        lines += [f" {chain}" for chain in _draws(size)]
    local = "" if table.local_node_ports else "ip daddr != 127.0.0.0/8 "
    lines += [
        " chain services {",
        "  ip daddr . meta l4proto . th dport vmap @svc",
        f"  fib daddr type local {local}meta l4proto . th dport vmap @np",
        " }",
        " chain prerouting { type nat hook prerouting priority dstnat - 5; jump services; }",
        " chain output { type nat hook output priority -105; jump services; }",
        " chain postrouting { type nat hook postrouting priority srcnat - 5;",
        "  ct status dnat ip saddr . ip daddr @hairpin masquerade",
        f"  meta mark & 0x{NODE_PORT_MARK:x} == 0x{NODE_PORT_MARK:x} ct status dnat masquerade",
        " }",
        " chain nobody {",
        "  ip daddr . meta l4proto . th dport @none goto refuse",
        "  fib daddr type local meta l4proto . th dport @npnone goto refuse",
        " }",
        " chain refuse { meta l4proto tcp reject with tcp reset; reject; }",
        " chain inwards { type filter hook input priority filter - 5; jump nobody; }",
        " chain across { type filter hook forward priority filter - 5; jump nobody; }",
        " chain outwards { type filter hook output priority filter - 5; jump nobody; }",
        "}",
    ]
    lines += _elements("add", table.name, table.maps)
    return "\n".join(lines) + "\n"


def difference(old: Table, new: Table) -> str:
    """The script that turns one into the other, "" when they are the same. Both must have the same name and flags."""
    gone: dict[str, dict[str, str]] = {}
    fresh: dict[str, dict[str, str]] = {}
    for name, elements in new.maps.items():
        before = old.maps.get(name, {})
        gone[name] = {key: data for key, data in before.items() if elements.get(key) != data}
        fresh[name] = {key: data for key, data in elements.items() if before.get(key) != data}
    lines = [f"add chain ip {new.name} {head.split()[1]}" for size in sorted(new.sizes - old.sizes) for head in _draws(size)]
    for size in sorted(new.sizes - old.sizes):
        for chain in _draws(size):
            name, body = chain.removeprefix("chain ").rstrip(" }").split(" { ", 1)
            lines += [f"add rule ip {new.name} {name} {rule.strip()}" for rule in body.split(";") if rule.strip()]
    lines += _elements("delete", new.name, gone)
    lines += _elements("add", new.name, fresh)
    return "\n".join(lines) + "\n" if lines else ""


def remove(name: str) -> str:
    return f"add table ip {name}\ndelete table ip {name}\n"


def _draws(size: int) -> Iterator[str]:
    """The two chains that draw one of ``size`` backends, for addresses and for node ports."""
    draw = f"numgen random mod {size}"
    yield (
        f"chain n{size} {{ meta mark set {draw}; meta l4proto {{ tcp, udp, sctp }} "
        "dnat ip to ip daddr . meta l4proto . th dport . meta mark map @eps; }"
    )
    yield (
        f"chain p{size} {{ meta mark set {draw} offset {NODE_PORT_MARK}; meta l4proto {{ tcp, udp, sctp }} "
        "dnat ip to meta l4proto . th dport . meta mark map @npeps; }"
    )


def _elements(verb: str, table: str, maps: dict[str, dict[str, str]]) -> list[str]:
    lines = []
    for name, elements in maps.items():
        if elements:
            texts = (f"{key} : {data}" if data else key for key, data in sorted(elements.items()))
            lines.append(f"{verb} element ip {table} {name} {{ {', '.join(texts)} }}")
    return lines
