"""This machine's networks, read from /proc and /sys."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

from sampan_podnetwork.planning import Here

ROUTES = "proc/net/route"
FORWARDING = "proc/sys/net/ipv4/ip_forward"
USUAL_MTU = 1500


def here(address: str, cluster: str, root: str = "/") -> Here:
    """``cluster``: the range of pods, whose own bridge is no way to another node."""
    found = list(connected(root))
    pods = ipaddress.ip_network(cluster)
    networks = [(str(network), name) for network, name in found if not network.overlaps(pods)]
    inside = [name for network, name in found if ipaddress.ip_address(address) in network]
    return Here(address, [text for text, _ in networks], mtu_of(inside[0], root) if inside else USUAL_MTU)


def connected(root: str = "/") -> Iterator[tuple[ipaddress.IPv4Network, str]]:
    """(network, interface) of each network that this machine reaches without a next hop, the narrowest first. Source:
    proc_net(5)."""
    try:
        lines = (Path(root) / ROUTES).read_text().splitlines()[1:]
    except OSError:
        return
    found = []
    for line in lines:
        name, target, gateway, *rest = line.split()
        mask = int(rest[4], 16).to_bytes(4, "little")
        if int(gateway, 16) == 0 and any(mask):
            raw = int(target, 16).to_bytes(4, "little")
            found.append((ipaddress.IPv4Network((raw, str(ipaddress.IPv4Address(mask)))), name))
    yield from sorted(found, key=lambda one: -one[0].prefixlen)


def mtu_of(interface: str, root: str = "/") -> int:
    try:
        return int((Path(root) / "sys/class/net" / interface / "mtu").read_text())
    except (OSError, ValueError):
        return USUAL_MTU


def let_forward(root: str = "/") -> bool:
    """Let this machine pass packets on, as containers need it; whether that had to be switched on. Raises OSError."""
    path = Path(root) / FORWARDING
    if path.read_text().strip() == "1":
        return False
    path.write_text("1\n")
    return True
