"""IP addresses and networks. Source: Kubernetes' CEL IP and CIDR libraries."""

from __future__ import annotations

import ipaddress
import math
from typing import Any

from sampan_cel.declarations import TRAVERSAL, Library, Overload, function, member, text_cost, twice_cost
from sampan_cel.errors import CelError
from sampan_cel.types import BOOL, INT, STRING, Type

IP, CIDR = Type("net.IP"), Type("net.CIDR")


class Address:
    """One address, without zone; an IPv4 address mapped into IPv6 is not taken."""

    __slots__ = ("value",)
    cel_type = IP

    def __init__(self, text: str) -> None:
        self.value = _read(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __str__(self) -> str:
        return str(self.value)


class Network:
    """An address and the length of a prefix; the address may have bits below it."""

    __slots__ = ("value",)
    cel_type = CIDR

    def __init__(self, text: str) -> None:
        address, slash, prefix = text.partition("/")
        if not slash or not prefix.isascii() or not prefix.isdigit() or (len(prefix) > 1 and prefix[0] == "0"):
            raise CelError(f"network address parse error during conversion from string: {text!r}")
        try:
            self.value = ipaddress.ip_interface(f"{_read(address)}/{prefix}")
        except ValueError:
            raise CelError(f"network address parse error during conversion from string: {text!r}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __str__(self) -> str:
        return str(self.value)

    def holds(self, other: Any) -> bool:
        """Whether an Address, or all of a Network, lies in it."""
        network = self.value.network
        if isinstance(other, Address):
            return other.value.version == network.version and other.value in network
        inner = other.value.network
        return bool(inner.version == network.version and inner.subnet_of(network))

    def masked(self) -> Network:
        return Network(str(self.value.network))


def _read(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise CelError(f"IP Address {text!r} parse error during conversion from string") from None
    if "%" in text:
        raise CelError(f"IP Address {text!r} with zone value is not allowed")
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        if "." in text:
            raise CelError(f"IPv4-mapped IPv6 address {text!r} is not allowed")
        return found.ipv4_mapped
    return found


def _can(make: Any) -> Any:
    def can(text: str) -> bool:
        try:
            make(text)
        except CelError:
            return False
        return True

    return can


def _address_of(network: Network) -> Address:
    return Address(str(network.value.ip))


def _is_global(address: Address) -> bool:
    value = address.value
    broadcast = value.version == 4 and int(value) == 0xFFFFFFFF
    return not (value.is_unspecified or value.is_loopback or value.is_multicast or value.is_link_local or broadcast)


def _is_local_multicast(address: Address) -> bool:
    value = address.value
    if value.version == 4:
        return value in ipaddress.ip_network("224.0.0.0/24")
    return value in ipaddress.ip_network("ff02::/16")


def _claim(run: Any) -> list[Overload]:
    return [member((IP,), BOOL, run)]


def _within_cost(network: Network, other: Any) -> int:
    """Of comparing as many bytes as the prefix has, and of reading a text."""
    found = math.ceil(2 * _bytes(network) * TRAVERSAL)
    return found + text_cost(other) if isinstance(other, str) else found


def _inside_cost(network: Network, other: Any) -> int:
    return _within_cost(network, other) + math.ceil(_bytes(network) * TRAVERSAL) + 1


def _bytes(network: Network) -> int:
    return -(-network.value.network.prefixlen // 8)


NETWORK = Library("network", {
    "ip": [function((STRING,), IP, Address, text_cost), member((CIDR,), IP, _address_of)],
    "isIP": [function((STRING,), BOOL, _can(Address), text_cost)],
    "ip.isCanonical": [function((STRING,), BOOL, lambda text: str(Address(text)) == text, twice_cost)],
    "family": [member((IP,), INT, lambda address: address.value.version)],
    "isUnspecified": _claim(lambda address: address.value.is_unspecified),
    "isLoopback": _claim(lambda address: address.value.is_loopback),
    "isLinkLocalMulticast": _claim(_is_local_multicast),
    "isLinkLocalUnicast": _claim(lambda address: address.value.is_link_local),
    "isGlobalUnicast": _claim(_is_global),
    "cidr": [function((STRING,), CIDR, Network, text_cost)],
    "isCIDR": [function((STRING,), BOOL, _can(Network), text_cost)],
    "containsIP": [
        member((CIDR, IP), BOOL, Network.holds, _within_cost),
        member((CIDR, STRING), BOOL, lambda network, text: network.holds(Address(text)), _within_cost),
    ],
    "containsCIDR": [
        member((CIDR, CIDR), BOOL, Network.holds, _inside_cost),
        member((CIDR, STRING), BOOL, lambda network, text: network.holds(Network(text)), _inside_cost),
    ],
    "masked": [member((CIDR,), CIDR, Network.masked)],
    "prefixLength": [member((CIDR,), INT, lambda network: network.value.network.prefixlen)],
    "string": [function((IP,), STRING, str), function((CIDR,), STRING, str)],
}, {"net.IP": IP, "net.CIDR": CIDR})  # fmt: skip
