"""The cluster-wide options that every part is given, worked out once from the settings and this machine.

What must not change once a cluster exists (service_cidr) is remembered in ``home/cluster.json``.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import shutil
import socket
import struct
from pathlib import Path
from typing import Any

from sampan.errors import ConfigError
from sampan.settings import Settings

ROUTED_SERVICES = "10.96.0.0/16"
LOOPBACK_SERVICES = "127.96.0.0/16"
DOCKER_BRIDGE = "docker0"
SIOCGIFADDR = 0x8915
DNS_PORT = 53


def cluster_options(settings: Settings) -> dict[str, Any]:
    """As listed in contracts.serving.ServerContext: addresses as text, paths as text."""
    service_cidr = _remembered(settings)
    network = ipaddress.ip_network(service_cidr)
    return {
        "home": str(settings.home),
        "pki": str(settings.home / "pki"),
        "server_url": settings.server_url,
        "api_host": settings.api.host,
        "api_port": settings.api.port,
        "api_endpoint_ip": endpoint_address(settings),
        "service_cidr": service_cidr,
        "service_ip": str(network[1]),
        "dns_ip": str(network[10]),
        "dns_reachable": may_serve_names(service_cidr),
        "pod_cidr": settings.network.pod_cidr,
        "cluster_domain": settings.network.domain,
        "node_port_range": settings.network.node_ports,
        "node_name": settings.node.name or socket.gethostname().lower(),
        "node_ip": settings.node.ip or primary_address(),
        "kubelet_port": settings.node.kubelet_port,
        "runtime": settings.node.runtime,
        "kubeconfig": str(settings.home / "kubeconfig"),
    }


def may_use_nftables() -> bool:
    """Whether this process has the right and the tool to program the packet filter."""
    return os.geteuid() == 0 and shutil.which("nft") is not None


def may_serve_names(service_cidr: str) -> bool:
    """Whether anything can answer on port 53 of a service address: routed ones are translated, others listened on."""
    if not service_cidr.startswith("127.") or os.geteuid() == 0:
        return True
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= DNS_PORT
    except (OSError, ValueError):
        return False


def primary_address() -> str:
    """The address this machine would use to reach others; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: connecting a datagram socket only chooses a route
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def endpoint_address(settings: Settings) -> str:
    """Where pods reach servers here: as set, else Docker's bridge where pods are containers, else loopback."""
    if settings.api.advertise:
        return settings.api.advertise
    if settings.node.runtime != "exec":
        return bridge_address(DOCKER_BRIDGE) or "127.0.0.1"
    return "127.0.0.1"


def bridge_address(name: str) -> str:
    """The IPv4 address of a network interface, "" where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
        except OSError:
            return ""
    return socket.inet_ntoa(answer[20:24])


def _remembered(settings: Settings) -> str:
    path = Path(settings.home) / "cluster.json"
    wanted = settings.network.service_cidr
    known = json.loads(path.read_text())["service_cidr"] if path.exists() else ""
    if known and wanted and known != wanted:
        raise ConfigError(
            f"network.service_cidr is {wanted}, but this cluster was made with {known}; "
            f"take the setting back or start a new home"
        )
    chosen = known or wanted or (ROUTED_SERVICES if may_use_nftables() else LOOPBACK_SERVICES)
    if not known:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(json.dumps({"service_cidr": chosen}))
    return chosen
