"""From the cluster's nodes to what this machine's kernel needs: a route for each other node's pods. Pure.

A node whose address is in a network that this machine is connected to is the next hop itself; any other is reached
through a VXLAN device, whose peers are told to the kernel, so that nothing is learnt and nothing flooded. The hardware
address of a device follows from its node's address: no node has to announce it.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sampan.contracts.kinds import Object
from sampan_runtime.interfaces import OVERHEAD

HARDWARE = "02:5a"  # locally administered; the four bytes of the node's address follow


@dataclass(frozen=True)
class Peer:
    """Another node: its name, its address, and the range of its pods."""

    name: str
    address: str
    pods: str


@dataclass(frozen=True)
class Route:
    """``via`` is a neighbour on the node's own segment."""

    pods: str
    via: str


@dataclass(frozen=True)
class Tunnel:
    """The VXLAN device. ``address``: its own, in this node's range; ``peers``: those that are reached through it. It is
    there without any, too: a neighbour may see this node on no network of its own, and send through its tunnel."""

    name: str
    id: int
    port: int
    local: str
    mtu: int
    address: str
    hardware: str
    peers: tuple[Peer, ...]


@dataclass(frozen=True)
class Plan:
    """``local``: the range whose addresses are all this machine's own, for pods that are processes of it; "": none."""

    routes: tuple[Route, ...] = ()
    tunnel: Tunnel | None = None
    local: str = ""


@dataclass(frozen=True)
class Here:
    """This machine: its node's address, and the networks that it is connected to."""

    address: str
    networks: Sequence[str]
    mtu: int


@dataclass(frozen=True)
class Manner:
    """How other nodes are reached. ``backend``: auto, route (always) or vxlan (always)."""

    device: str
    id: int
    port: int
    backend: str = "auto"


def plan(nodes: Iterable[Object], own: str, here: Here, manner: Manner) -> Plan:
    """``own``: this node's name. Nodes without an address or a range are left out until they have both."""
    known = sorted(nodes, key=lambda one: str(one["metadata"]["name"]))
    mine = next((one for one in known if one["metadata"]["name"] == own), None)
    pods = pods_of(mine) if mine else ""
    local = pods if mine and runtime_of(mine) == "exec" else ""
    others = [peer for one in known if one["metadata"]["name"] != own and (peer := peer_of(one))]
    near = [peer for peer in others if is_near(peer.address, here, manner.backend)]
    far = tuple(peer for peer in others if peer not in near)
    routes = tuple(Route(peer.pods, peer.address) for peer in near)
    tunnel = _tunnel(pods, far, here, manner) if others and pods and manner.backend != "route" else None
    return Plan(routes, tunnel, local)


def _tunnel(pods: str, far: tuple[Peer, ...], here: Here, manner: Manner) -> Tunnel:
    return Tunnel(
        manner.device, manner.id, manner.port, here.address, here.mtu - OVERHEAD, first_address(pods),
        hardware_of(here.address), far,
    )  # fmt: skip


def peer_of(node: Object) -> Peer | None:
    """None for one that is not known well enough yet, or is of another family."""
    pods = pods_of(node)
    addresses = (node.get("status") or {}).get("addresses") or ()
    address = next((str(one.get("address")) for one in addresses if one.get("type") == "InternalIP"), "")
    try:
        fits = ipaddress.ip_network(pods).version == ipaddress.ip_address(address).version == 4
    except ValueError:
        return None
    return Peer(node["metadata"]["name"], address, pods) if fits else None


def pods_of(node: Object) -> str:
    return str((node.get("spec") or {}).get("podCIDR") or "")


def runtime_of(node: Object) -> str:
    """exec of exec://1.0; "" where the node has not said."""
    info = (node.get("status") or {}).get("nodeInfo") or {}
    return str(info.get("containerRuntimeVersion") or "").partition("://")[0]


def is_near(address: str, here: Here, backend: str) -> bool:
    if backend != "auto":
        return backend == "route"
    found = ipaddress.ip_address(address)
    return any(found in ipaddress.ip_network(network) for network in here.networks)


def first_address(pods: str) -> str:
    """The address of the range's device: the one that no pod gets."""
    return str(ipaddress.ip_network(pods).network_address)


def hardware_of(address: str) -> str:
    return ":".join((HARDWARE, *(f"{byte:02x}" for byte in ipaddress.IPv4Address(address).packed)))


def network_id(authority: bytes) -> int:
    """A VXLAN identifier that all nodes of a cluster agree on and other clusters hardly share: 24 bits, not 0."""
    return int.from_bytes(hashlib.sha256(authority).digest()[:3], "big") or 1


def device_name(home_id: str) -> str:
    """At most 15 characters, as Linux wants it."""
    return f"vx{home_id}"[:15]


def rules(table: str, own: str, cluster: str) -> str:
    """The nftables script: what pods send out of the cluster gets the node's address; between pods nothing changes."""
    text = f"add table ip {table}\ndelete table ip {table}\n"
    if not own:
        return text
    return (
        f"{text}table ip {table} {{\n"
        " chain postrouting { type nat hook postrouting priority srcnat + 5;\n"
        f"  ip saddr {own} ip daddr != {cluster} ip daddr != 224.0.0.0/4 masquerade\n"
        " }\n"
        "}\n"
    )
