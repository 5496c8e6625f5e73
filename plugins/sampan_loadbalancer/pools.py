"""Pools of addresses, as settings write them: single addresses, ranges (first-last) and networks. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

LARGEST = 65536  # addresses of one entry


class Pool:
    """IPv4 addresses in the order of the entries. Of a network of less than 31 bits the first and the last address are
    left out: its own and the broadcast address."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._ranges = [_range(entry) for entry in entries]

    def __iter__(self) -> Iterator[str]:
        for first, last in self._ranges:
            yield from (str(ipaddress.IPv4Address(number)) for number in range(first, last + 1))

    def __contains__(self, address: str) -> bool:
        try:
            number = int(ipaddress.IPv4Address(address))
        except ValueError:
            return False
        return any(first <= number <= last for first, last in self._ranges)

    def __bool__(self) -> bool:
        return bool(self._ranges)


def check(entry: str) -> str:
    """What is wrong with an entry; "" for nothing."""
    try:
        first, last = _range(entry)
    except ValueError:
        return f"must be addresses like 192.0.2.10, 192.0.2.10-192.0.2.20 or 192.0.2.16/28, not {entry!r}"
    if not 0 <= last - first < LARGEST:
        return f"must have 1 to {LARGEST} addresses in an entry, not as {entry!r}"
    return ""


def _range(entry: str) -> tuple[int, int]:
    first, dash, last = entry.partition("-")
    if dash:
        return int(ipaddress.IPv4Address(first.strip())), int(ipaddress.IPv4Address(last.strip()))
    network = ipaddress.IPv4Network(entry.strip(), strict=False)
    edge = 1 if network.prefixlen < 31 else 0
    return int(network[0]) + edge, int(network[-1]) - edge
