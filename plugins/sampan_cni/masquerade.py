"""Pods that leave the cluster do so with their node's address: one table of the packet filter for each home.

Not the bridge plugin's own masquerading, which hides the sender from pods of other nodes, too, and needs iptables.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from sampan_cni.conflist import bridge_name


def table(home_id: str) -> str:
    return f"sampancni_{home_id}"


def script(home_id: str, pods: Iterable[str], cluster: Iterable[str]) -> str:
    """Replaces what is there. ``pods`` are this node's ranges, ``cluster`` those of all nodes' pods."""
    lines = [removal(home_id)]
    for text in pods:
        network = ipaddress.ip_network(text)
        family, multicast = ("ip", "224.0.0.0/4") if network.version == 4 else ("ip6", "ff00::/8")
        name = f"{family} {table(home_id)}"
        inside = [one for one in cluster if ipaddress.ip_network(one).version == network.version]
        stays = ", ".join(_without_overlaps([text, multicast, *inside]))
        lines.append(
            f"add table {name}\n"
            f"add chain {name} postrouting {{ type nat hook postrouting priority srcnat + 5; }}\n"
            f'add rule {name} postrouting {family} saddr {network} oifname != "{bridge_name(home_id)}" '
            f"{family} daddr != {{ {stays} }} masquerade\n"
        )
    return "".join(lines)


def removal(home_id: str) -> str:
    return "".join(
        f"add table {family} {table(home_id)}\ndelete table {family} {table(home_id)}\n" for family in ("ip", "ip6")
    )


def _without_overlaps(texts: Iterable[str]) -> list[str]:
    """A set of the packet filter takes no ranges that contain each other."""
    networks = [ipaddress.ip_network(text) for text in texts]
    four = [one for one in networks if isinstance(one, ipaddress.IPv4Network)]
    six = [one for one in networks if isinstance(one, ipaddress.IPv6Network)]
    return [*map(str, ipaddress.collapse_addresses(four)), *map(str, ipaddress.collapse_addresses(six))]
