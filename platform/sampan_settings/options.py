"""The cluster-wide options that every part is given, worked out once from the settings and this machine.

What must not change once a cluster exists (service_cidr, node_ports) is chosen at its first start so that no other
cluster of this machine uses it, and remembered in ``home/cluster.json``; what is the machine's own in ``machine.json``.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError
from sampan.files import write_whole
from sampan_machinery.names import dns_subdomain
from sampan_runtime.offers import Asking, host_address, offers_of
from sampan_settings import reservations
from sampan_settings.reservations import Reservation
from sampan_settings.settings import Settings

#: The first is everybody's default, the further ones are for further clusters of a machine.
ROUTED_SERVICES = tuple(f"10.{second}.0.0/16" for second in range(96, 128))
LOOPBACK_SERVICES = tuple(f"127.{second}.0.0/16" for second in (*range(96, 128), *range(64, 96)))
NODE_PORTS = ("30000-32767", *(f"{first}-{first + 999}" for first in range(29000, 10999, -1000)))
LOOPBACK_PODS = range(127 << 24 | 128 << 16, 127 << 24 | 255 << 16, 256)  # /24s, clear of 127.0 and of Services
ROUTES = "/proc/net/route"
DNS_PORT = 53


def cluster_options(settings: Settings, plugins: Asking) -> ClusterOptions:
    """Those of this home, for this machine. ``plugins`` are asked for the container runtimes that they offer."""
    service_cidr, node_ports = _remembered(settings)
    network = ipaddress.ip_network(service_cidr)
    return ClusterOptions(
        home_id=reservations.home_id(settings.home),
        home=str(settings.home),
        pki=str(settings.home / "pki"),
        server_url=settings.server_url,
        api_host=settings.api.host,
        api_port=settings.api.port,
        api_endpoint_ip=endpoint_address(settings, plugins),
        service_cidr=service_cidr,
        service_ip=str(network[1]),
        dns_ip=str(network[10]),
        dns_reachable=may_serve_names(service_cidr),
        pod_cidr=settings.network.pod_cidr,
        node_cidr_mask=settings.network.node_cidr_mask,
        network_mode=settings.network.mode,
        joined=settings.joined,
        cluster_domain=settings.network.domain,
        node_port_range=node_ports,
        loopback_pods=_loopback_pods(settings.home),
        node_name=node_name(settings),
        node_ip=settings.node.ip or primary_address(),
        kubelet_port=settings.node.kubelet_port,
        runtime=settings.node.runtime,
        history=settings.history_seconds,
        kubeconfig=str(settings.home / "kubeconfig"),
    )


def node_name(settings: Settings) -> str:
    """As set, else this machine's host name. Raises ConfigError for a host name that no node can have."""
    if settings.node.name:
        return settings.node.name
    found = socket.gethostname().lower()
    if dns_subdomain(found):
        raise ConfigError(
            f"this machine's host name {found!r} cannot be the name of a node (letters, digits, '-' and '.' only); "
            "set node.name"
        )
    return found


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


def endpoint_address(settings: Settings, plugins: Asking) -> str:
    """Where pods reach servers here: as set, else this machine's address where pods of other machines shall, else as
    the container runtime says, else loopback."""
    if settings.network.mode == "routed":
        return settings.api.advertise or settings.node.ip or primary_address()
    return settings.api.advertise or host_address(settings.node.runtime, offers_of(plugins)) or "127.0.0.1"


def proposed(settings: Settings) -> ClusterOptions:
    """What is known before a cluster is made; chooses, writes and reserves nothing."""
    return ClusterOptions(
        home_id=reservations.home_id(settings.home),
        home=str(settings.home),
        server_url=settings.server_url,
        api_host=settings.api.host,
        api_port=settings.api.port,
        service_cidr=settings.network.service_cidr,
        pod_cidr=settings.network.pod_cidr,
        cluster_domain=settings.network.domain,
        node_port_range=settings.network.node_ports,
        kubelet_port=settings.node.kubelet_port,
        runtime=settings.node.runtime,
    )


def refuse_in_use(settings: Settings) -> None:
    """Raises ConfigError, before anything is written, where a running cluster of this machine uses what this one was
    made with or is set to."""
    if settings.node.enabled:
        reservations.check(reservation(settings.home, *_wanted(settings)))


def hold_reservation(settings: Settings) -> socket.socket | None:
    """Hold what this home uses of what clusters on one machine may not share, for as long as the socket is open in any
    process. None where no node is wanted, whose proxy and pods are what uses it. Raises ConfigError where it is in use.

    Called in ``reservations.turn()``, together with the choice.
    """
    if not settings.node.enabled:
        return None
    wanted = reservation(settings.home, *_remembered(settings), _loopback_pods(settings.home))
    return reservations.hold(wanted, settings.home)


def reservation(home: Path, service_cidr: str = "", node_ports: str = "", loopback_pods: str = "") -> Reservation:
    """What a home uses or would use; "" for what is not chosen."""
    authority = reservations.authority_id(home)
    return Reservation(reservations.home_id(home), authority, service_cidr, node_ports, loopback_pods)


def _wanted(settings: Settings) -> tuple[str, str]:
    """(service_cidr, node_ports) that this cluster was made with or is set to; "" for what may be chosen."""
    path = Path(settings.home) / "cluster.json"
    wanted = settings.network.service_cidr
    known = _known(path)
    service_cidr = known.get("service_cidr", "")
    if service_cidr and wanted and service_cidr != wanted:
        raise ConfigError(
            f"network.service_cidr is {wanted}, but this cluster was made with {service_cidr}; "
            f"take the setting back or start a new home"
        )
    return service_cidr or wanted, settings.network.node_ports or known.get("node_ports", "")


def _remembered(settings: Settings) -> tuple[str, str]:
    """The same, chosen where it was free to choose, and from now on remembered: here for this home, and in the registry
    for other homes, which leave it to this one until its node runs and holds it."""
    service_cidr, node_ports = _wanted(settings)
    service_cidr, node_ports = service_cidr or _free_services(settings), node_ports or _free_node_ports(settings)
    path = Path(settings.home) / "cluster.json"
    known = _known(path)
    fresh = {**known, "service_cidr": service_cidr, "node_ports": node_ports}
    if fresh != known:
        _write(path, fresh)
        if settings.node.enabled:
            chosen = reservation(settings.home, service_cidr, node_ports, _loopback_pods(settings.home))
            reservations.remember(chosen, settings.home)
    return service_cidr, node_ports


def _known(path: Path) -> dict[str, str]:
    """What this cluster was made with, {} where it is not made yet. Raises ConfigError for a file that does not say."""
    try:
        known = json.loads(path.read_bytes())
        if not isinstance(known, dict) or not all(isinstance(value, str) for value in known.values()):
            raise ValueError("it is not a mapping of words")
        ipaddress.ip_network(known["service_cidr"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError) as error:
        why = error.strerror if isinstance(error, OSError) else "it does not hold what this cluster was made with"
        raise ConfigError(
            f"{path} cannot be used: {why}. Restore it from a backup, or write it again with the range of "
            'the Services: {"service_cidr": "10.96.0.0/16"}, say'
        ) from error
    return known


def _write(path: Path, content: dict[str, str]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, json.dumps(content))


def _free_services(settings: Settings) -> str:
    candidates = ROUTED_SERVICES if may_use_nftables() else LOOPBACK_SERVICES
    return _chosen("service_cidr", candidates, settings)


def _free_node_ports(settings: Settings) -> str:
    return _chosen("node_ports", NODE_PORTS, settings)


def _chosen(key: str, candidates: tuple[str, ...], settings: Settings) -> str:
    """Free on this machine. Without a node nothing here uses it, and the default is as good."""
    if not settings.node.enabled:
        return candidates[0]
    routes = list(_routes())
    found = reservations.free(
        key, candidates, reservation(settings.home),
        lambda each: "/" in each and any(reservations.overlap(each, route) for route in routes),
    )  # fmt: skip
    if not found:
        raise ConfigError(
            f"all of {candidates[0]} … {candidates[-1]} are in use on this machine; set network.{key} to a free range"
        )
    return found


def _routes(path: str = ROUTES) -> Iterator[str]:
    """Networks that this machine reaches otherwise than by its default route. Source: proc_net(5)."""
    try:
        lines = Path(path).read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        destination, mask = (int(line.split()[column], 16).to_bytes(4, "little") for column in (1, 7))
        if any(mask):
            yield f"{ipaddress.IPv4Address(destination)}/{ipaddress.IPv4Address(mask)}"


def _loopback_pods(home: Path) -> str:
    """Loopback addresses for pods without a network of their own: a /24 that is this home's alone on this machine.

    In a file apart from cluster.json, which is copied to further servers of a cluster; a copied home gets its own.
    """
    path = home / "machine.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    if known.get("home") == str(home) and known.get("loopback_pods"):
        return str(known["loopback_pods"])
    start = int(hashlib.sha256(str(home).encode()).hexdigest()[:8], 16) % len(LOOPBACK_PODS)
    ordered = [*LOOPBACK_PODS[start:], *LOOPBACK_PODS[:start]]
    candidates = (f"{ipaddress.IPv4Address(number)}/24" for number in ordered)
    found = reservations.free("loopback_pods", candidates, reservation(home))
    _write(path, {"home": str(home), "loopback_pods": found})
    return found
