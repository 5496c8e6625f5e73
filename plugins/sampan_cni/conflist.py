"""The configuration by which a CRI runtime runs CNI plugins: a list of them, run one after the other for each pod.

Pure. Source: the CNI specification 1.0.0, and the pages of the reference plugins (bridge, host-local, portmap,
bandwidth, firewall).
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Collection, Sequence
from typing import Any

VERSION = "1.0.0"
NEEDED = ("bridge", "host-local", "loopback")
#: Run after the bridge where they are there. firewall lets pods' packets through filters that drop what is forwarded,
#: such as Docker's; it and portmap program iptables.
CHAINED = ("portmap", "bandwidth", "firewall")
WITH_IPTABLES = ("portmap", "firewall")
LONGEST_INTERFACE = 15  # bytes that the kernel takes


def file_name(home_id: str) -> str:
    """Before names that other tools use: a runtime takes the first of the folder."""
    return f"05-sampan-{home_id}.conflist"


def bridge_name(home_id: str) -> str:
    """One bridge for each home: clusters of one machine have networks of their own."""
    return f"cni{home_id}"[:LONGEST_INTERFACE]


def ranges(settings: str, node: dict[str, Any]) -> list[str]:
    """Those of this node's pods, one for each family; [] where the node has none yet."""
    spec = node.get("spec") or {}
    found = [settings] if settings else spec.get("podCIDRs") or ([spec["podCIDR"]] if spec.get("podCIDR") else [])
    return [str(ipaddress.ip_network(one)) for one in found]


def build(
    home_id: str, pods: Sequence[str], chained: Collection[str], *, data: str, mtu: int = 0, masquerade: bool = False
) -> str:
    """The text of the file. ``chained`` are plugins of ``CHAINED``; ``data`` is host-local's folder; ``masquerade``:
    let the bridge plugin do that, by iptables."""
    bridge: dict[str, Any] = {
        "type": "bridge", "bridge": bridge_name(home_id), "isGateway": True, "isDefaultGateway": True,
        "hairpinMode": True, "ipMasq": masquerade,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": one}] for one in pods], "dataDir": data},
    }  # fmt: skip
    if mtu:
        bridge["mtu"] = mtu
    extras: dict[str, dict[str, Any]] = {
        # without snat a pod reaches its own host port by the node's address only, as with kubelet's hostport manager
        "portmap": {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True},
        "bandwidth": {"type": "bandwidth", "capabilities": {"bandwidth": True}},
        "firewall": {"type": "firewall"},
    }
    plugins = [bridge, *(extras[name] for name in CHAINED if name in chained)]
    return json.dumps({"cniVersion": VERSION, "name": f"sampan-{home_id}", "plugins": plugins}, indent=2) + "\n"
