"""This machine, as the plan needs it, and the switch that lets it pass packets on."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from sampan_podnetwork.planning import Here
from sampan_runtime.interfaces import connected, mtu_towards

FORWARDING = "proc/sys/net/ipv4/ip_forward"


def here(address: str, cluster: str, root: str = "/") -> Here:
    """``cluster``: the range of pods, whose own bridge is no way to another node."""
    pods = ipaddress.ip_network(cluster)
    networks = [str(network) for network, _ in connected(root) if not network.overlaps(pods)]
    return Here(address, networks, mtu_towards(address, root))


def let_forward(root: str = "/") -> bool:
    """Let this machine pass packets on, as containers need it; whether that had to be switched on. Raises OSError."""
    path = Path(root) / FORWARDING
    if path.read_text().strip() == "1":
        return False
    path.write_text("1\n")
    return True
