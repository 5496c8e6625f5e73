"""IP addresses that cannot be reached from other machines, with upstream's messages."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

LOOPBACK = "may not be in the loopback range (127.0.0.0/8, ::1/128)"
_LINK_LOCAL = "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
_MULTICAST = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
_MULTICAST_RANGES = (ipaddress.ip_network("224.0.0.0/24"), ipaddress.ip_network("ff02::/16"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse(text: str) -> Address | None:
    """The address; an IPv4-mapped IPv6 address (::ffff:127.0.0.1) becomes the IPv4 address. None if it is invalid."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_address(text: str) -> bool:
    return parse(text) is not None


def unfit(text: str) -> Iterator[str]:
    """Why an address cannot be an endpoint: unspecified, link-local, multicast. Loopback has its own function."""
    address = parse(text)
    if address is None:
        return
    if address.is_unspecified:
        yield f"may not be unspecified ({text})"
    if address.is_link_local:
        yield _LINK_LOCAL
    if any(address in network for network in _MULTICAST_RANGES if network.version == address.version):
        yield _MULTICAST


def is_loopback(text: str) -> bool:
    address = parse(text)
    return address is not None and address.is_loopback
