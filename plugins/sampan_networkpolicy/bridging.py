"""Which bridge a pod's address is behind, and the bridge's hardware address. Knows Linux's /proc and /sys."""

from __future__ import annotations

import ipaddress
import logging
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

log = logging.getLogger(__name__)

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def hardware(addresses: Iterable[str], root: str = "/") -> dict[str, str]:
    """Address → hardware address of its bridge; addresses that are not behind a bridge of this machine are left out."""
    networks = list(_bridged(Path(root)))
    found = {}
    for address in addresses:
        ip = ipaddress.ip_address(address)
        for network, place in networks:
            if ip.version == network.version and ip in network:
                found[address] = place
                break
    return found


def calls_filter(root: str = "/") -> bool:
    """Whether bridged frames pass the IP layer's packet filter by themselves (br_netfilter)."""
    try:
        return (Path(root) / "proc/sys/net/bridge/bridge-nf-call-iptables").read_text().strip() == "1"
    except OSError:
        return False


def _bridged(root: Path) -> Iterator[tuple[_Network, str]]:
    """(network, hardware address) of each bridge of this machine that has an address."""
    for interface, network in (*_routes4(root), *_routes6(root)):
        place = root / "sys/class/net" / interface
        if (place / "bridge").is_dir():
            try:
                yield network, (place / "address").read_text().strip()
            except OSError as error:  # removed in this moment
                log.debug("bridge %s cannot be looked at: %s", interface, error)


def _routes4(root: Path) -> Iterator[tuple[str, _Network]]:
    """Source: proc_net(5), /proc/net/route: numbers are in the machine's byte order."""
    for words in _lines(root / "proc/net/route")[1:]:
        destination, mask = (int(words[column], 16).to_bytes(4, sys.byteorder) for column in (1, 7))
        if any(mask):
            yield words[0], ipaddress.IPv4Network((destination, str(ipaddress.IPv4Address(mask))), strict=False)


def _routes6(root: Path) -> Iterator[tuple[str, _Network]]:
    for words in _lines(root / "proc/net/ipv6_route"):
        network = ipaddress.IPv6Network((bytes.fromhex(words[0]), int(words[1], 16)), strict=False)
        if network.prefixlen and not network.is_link_local and not network.is_multicast:
            yield words[-1], network


def _lines(path: Path) -> list[list[str]]:
    try:
        return [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return []
