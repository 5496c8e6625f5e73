"""This machine's networks, read from /proc and /sys: for what gives pods addresses and routes.

Source: proc_net(5).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

ROUTES = "proc/net/route"
USUAL_MTU = 1500
OVERHEAD = 50  # bytes that VXLAN puts around each packet: Ethernet, IPv4, UDP and its own head (RFC 7348)


def connected(root: str = "/") -> Iterator[tuple[ipaddress.IPv4Network, str]]:
    """(network, interface) of each network that this machine reaches without a next hop, the narrowest first."""
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


def mtu_towards(address: str, root: str = "/") -> int:
    """The MTU of the interface in whose network the address is."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return USUAL_MTU
    return next((mtu_of(name, root) for network, name in connected(root) if found in network), USUAL_MTU)


def mtu_of(interface: str, root: str = "/") -> int:
    try:
        return int((Path(root) / "sys/class/net" / interface / "mtu").read_text())
    except (OSError, ValueError):
        return USUAL_MTU


def pod_mtu(node_address: str, root: str = "/") -> int:
    """For interfaces of pods that other nodes reach: their packets fit into a tunnel, whether there is one or not."""
    return mtu_towards(node_address, root) - OVERHEAD
