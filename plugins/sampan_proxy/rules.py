"""Wanted fronts as one nftables table of flat maps, whole or as a difference. Pure text.

No chain per Service: ``svc`` sends a packet to the chain for its number of backends, which picks one at random and
looks it up in ``eps``. So a packet costs two look-ups however many Services there are, and a change costs its own
elements only. With session affinity the client's last draw is remembered in ``stay`` under a number of the backend
itself, so that it holds when other backends come and go. The mark carries the drawn number; two bits of it say what
comes from outside."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sampan_proxy.wanted import Backend, BackendSet, Frontend, Wanted

OUTSIDE_MARK = 0x4000  # came through a node port: the source has to be masqueraded
LOCAL_MARK = 0x8000  # the same, but the backend shall see the client's address
MARKS = OUTSIDE_MARK | LOCAL_MARK
BY_ADDRESS = "ip daddr . meta l4proto . th dport"
BY_PORT = "meta l4proto . th dport"
MOST_AFFINE = 262144  # clients remembered; more are served without affinity


class BackendChain(NamedTuple):
    """A chain that chooses among ``size`` backends. ``way``: n by address, m by address from outside keeping the
    source, p node ports, l node ports keeping the source."""

    way: str
    size: int
    affinity: int = 0

    @property
    def chain(self) -> str:
        return f"{self.way}{self.size}" + (f"t{self.affinity}" if self.affinity else "")

    @property
    def mark(self) -> int:
        return {"n": 0, "m": LOCAL_MARK, "p": OUTSIDE_MARK, "l": LOCAL_MARK}[self.way]


@dataclass(frozen=True)
class NftTable:
    """What is in the kernel, as element texts by map: key → data ("" in sets)."""

    name: str
    pod_cidr: str
    local_node_ports: bool = False  # node ports on 127.0.0.1 too: only where pods live on loopback
    maps: dict[str, dict[str, str]] = field(default_factory=dict)
    draws: frozenset[BackendChain] = frozenset()
    service_cidr: str = ""  # what goes there and is no Service's is refused: it would leave for the outside


def build(name: str, pod_cidr: str, wanted: Wanted) -> NftTable:
    """The table that serves what is wanted; or, of some frontends, the part of it that is theirs."""
    maps: dict[str, dict[str, str]] = {name: {} for name in TYPES if not name.endswith("stay")}
    draws: set[BackendChain] = set()
    for front, serving in wanted.items():
        if serving.backends:
            draws.add(_add(maps, front, serving))
        else:
            maps["none" if front.address else "npnone"][_key(front)] = ""
        if serving.sources and front.address:
            maps["limited"][_key(front)] = ""
            maps["sources"].update((f"{_key(front)} . {text}", "") for text in serving.sources)
    return NftTable(name, pod_cidr, needs_loopback(wanted), maps, frozenset(draws))


def needs_loopback(wanted: Wanted) -> bool:
    return any(backend.address.startswith("127.") for serving in wanted.values() for backend in serving.backends)


def _add(maps: dict[str, dict[str, str]], front: Frontend, serving: BackendSet) -> BackendChain:
    key, prefix = _key(front), "" if front.address else "np"
    way = ("m" if serving.keeps_source else "n") if front.address else ("l" if serving.keeps_source else "p")
    draw = BackendChain(way, len(serving.backends), serving.affinity)
    maps[prefix or "svc"][key] = f"goto {draw.chain}"
    numbers = _lasting_numbers(serving.backends) if serving.affinity else range(draw.size)
    backends, hairpins = maps[f"{prefix}eps"], maps["hairpin"]
    for drawn, (number, (address, port)) in enumerate(zip(numbers, serving.backends, strict=True)):
        mark = f"0x{number | draw.mark:08x}"
        if serving.affinity:
            maps[f"{prefix}pick"][f"{key} . 0x{drawn:08x}"] = mark
        backends[f"{key} . {mark}"] = f"{address} . {port}"
        hairpins[f"{address} . {address}"] = ""
    return draw


def _key(front: Frontend) -> str:
    key = f"{front.protocol} . {front.port}"
    return f"{front.address} . {key}" if front.address else key


def _lasting_numbers(backends: tuple[Backend, ...]) -> list[int]:
    """A number for each that does not depend on the others: never 0, without the bits of the marks."""
    taken: list[int] = []
    for backend in backends:
        number = (zlib.crc32(f"{backend.address}:{backend.port}".encode()) & ~MARKS) or 1
        while number in taken:
            number = ((number + 1) & 0xFFFFFFFF & ~MARKS) or 1
        taken.append(number)
    return taken


TYPES = {
    "svc": "map {name} {{ type ipv4_addr . inet_proto . inet_service : verdict; }}",
    "eps": "map {name} {{ type ipv4_addr . inet_proto . inet_service . mark : ipv4_addr . inet_service; }}",
    "pick": "map {name} {{ type ipv4_addr . inet_proto . inet_service . mark : mark; }}",
    "stay": (
        "map {name} {{ type ipv4_addr . ipv4_addr . inet_proto . inet_service : mark; flags dynamic,timeout; "
        f"size {MOST_AFFINE}; timeout 3h; }}}}"
    ),
    "np": "map {name} {{ type inet_proto . inet_service : verdict; }}",
    "npeps": "map {name} {{ type inet_proto . inet_service . mark : ipv4_addr . inet_service; }}",
    "nppick": "map {name} {{ type inet_proto . inet_service . mark : mark; }}",
    "npstay": (
        "map {name} {{ type ipv4_addr . inet_proto . inet_service : mark; flags dynamic,timeout; "
        f"size {MOST_AFFINE}; timeout 3h; }}}}"
    ),
    "hairpin": "set {name} {{ type ipv4_addr . ipv4_addr; }}",
    "none": "set {name} {{ type ipv4_addr . inet_proto . inet_service; }}",
    "npnone": "set {name} {{ type inet_proto . inet_service; }}",
    "limited": "set {name} {{ type ipv4_addr . inet_proto . inet_service; }}",
    "sources": "set {name} {{ type ipv4_addr . inet_proto . inet_service . ipv4_addr; flags interval; }}",
}


def whole(table: NftTable) -> str:
    """The script that makes the table, whatever was there under its name."""
    lines = [f"add table ip {table.name}", f"delete table ip {table.name}", f"table ip {table.name} {{"]
    lines += [" " + text.format(name=name) for name, text in TYPES.items()]
    lines += [f" chain {draw.chain} {{ {'; '.join(_rules(draw))}; }}" for draw in sorted(table.draws)]
    local = "" if table.local_node_ports else "ip daddr != 127.0.0.0/8 "
    lines += [
        " chain services {",
        f"  {BY_ADDRESS} vmap @svc",
        f"  fib daddr type local {local}{BY_PORT} vmap @np",
        " }",
        " chain prerouting { type nat hook prerouting priority dstnat - 5; jump services; }",
        " chain output { type nat hook output priority -105; jump services; }",
        " chain postrouting { type nat hook postrouting priority srcnat - 5;",
        "  ct status dnat ip saddr . ip daddr @hairpin masquerade",
        f"  meta mark & 0x{OUTSIDE_MARK:x} == 0x{OUTSIDE_MARK:x} ct status dnat masquerade",
        " }",
        " chain limits { type filter hook prerouting priority dstnat - 10;",
        f"  {BY_ADDRESS} @limited {BY_ADDRESS} . ip saddr != @sources drop",
        " }",
        " chain nobody {",
        f"  {BY_ADDRESS} @none goto refuse",
        f"  fib daddr type local {BY_PORT} @npnone goto refuse",
        *([f"  ip daddr {table.service_cidr} goto refuse"] if table.service_cidr else []),
        " }",
        " chain refuse { meta l4proto tcp reject with tcp reset; reject; }",
        " chain inwards { type filter hook input priority filter - 5; jump nobody; }",
        " chain across { type filter hook forward priority filter - 5; jump nobody; }",
        " chain outwards { type filter hook output priority filter - 5; jump nobody; }",
        "}",
    ]
    lines += _elements("add", table.name, table.maps)
    return "\n".join(lines) + "\n"


def difference(old: NftTable, new: NftTable) -> str:
    """The script that turns one into the other, "" when they are the same. Both must have the same name and flags."""
    gone: dict[str, dict[str, str]] = {}
    fresh: dict[str, dict[str, str]] = {}
    for name, elements in new.maps.items():
        before = old.maps.get(name, {})
        gone[name] = {key: data for key, data in before.items() if elements.get(key) != data}
        fresh[name] = {key: data for key, data in elements.items() if before.get(key) != data}
    lines = []
    for draw in sorted(new.draws - old.draws):  # one that was needed before is still there, hence the flush
        lines += [f"add chain ip {new.name} {draw.chain}", f"flush chain ip {new.name} {draw.chain}"]
        lines += [f"add rule ip {new.name} {draw.chain} {rule}" for rule in _rules(draw)]
    lines += _elements("delete", new.name, gone)
    lines += _elements("add", new.name, fresh)
    return "\n".join(lines) + "\n" if lines else ""


def remove(name: str) -> str:
    return f"add table ip {name}\ndelete table ip {name}\n"


def _rules(draw: BackendChain) -> Iterator[str]:
    """Of the chain that chooses a backend."""
    prefix, key = ("", BY_ADDRESS) if draw.way in "nm" else ("np", BY_PORT)
    send = f"meta l4proto {{ tcp, udp, sctp }} dnat ip to {key} . meta mark map @{prefix}eps"
    number = f"meta mark set numgen random mod {draw.size}"
    if not draw.affinity:
        yield number + (f" offset {draw.mark}" if draw.mark else "")
        yield send
        return
    client = f"ip saddr . {key}"
    remember = f"update @{prefix}stay {{ {client} timeout {draw.affinity}s : meta mark }}"
    yield "meta mark set 0"
    yield f"meta mark set {client} map @{prefix}stay"
    yield f"meta mark != 0 {remember}"
    yield send  # ends here unless the client is new, or its backend has gone
    yield number
    yield f"meta mark set {key} . meta mark map @{prefix}pick"
    yield remember
    yield send


def _elements(verb: str, table: str, maps: dict[str, dict[str, str]]) -> list[str]:
    lines = []
    for name, elements in maps.items():
        if elements:
            texts = (f"{key} : {data}" if data else key for key, data in sorted(elements.items()))
            lines.append(f"{verb} element ip {table} {name} {{ {', '.join(texts)} }}")
    return lines
