"""Addresses on this machine's network interfaces, and their announcement to its neighbours. Knows Linux: rtnetlink(7),
packet(7), /proc and /sys. Needs root.

Not by pyroute2: two messages of 40 bytes are all that is needed of it, and it takes half a second to import.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

RTM_NEWADDR, RTM_DELADDR, NLMSG_ERROR = 20, 21, 2
REQUEST, ACK, EXCL, CREATE = 0x1, 0x4, 0x200, 0x400
IFA_ADDRESS, IFA_LOCAL = 1, 2
ETH_P_ARP, BROADCAST = 0x0806, b"\xff" * 6
LOOPBACK = "lo"


def add(address: str, interface: str) -> bool:
    """Whether it was added; False where the machine has it already. Raises OSError."""
    try:
        _ask(RTM_NEWADDR, REQUEST | ACK | EXCL | CREATE, address, interface)
    except FileExistsError:
        return False
    return True


def remove(address: str, interface: str) -> None:
    """Raises OSError; an address or interface that is gone is none."""
    try:
        _ask(RTM_DELADDR, REQUEST | ACK, address, interface)
    except OSError as error:
        if error.errno not in (errno.EADDRNOTAVAIL, errno.ENODEV):
            raise


def _ask(kind: int, flags: int, address: str, interface: str) -> None:
    body = message(kind, flags, address, socket.if_nametoindex(interface))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.bind((0, 0))
        kernel.send(body)
        answer = kernel.recv(4096)
    found, code = struct.unpack_from("=4xH10xi", answer)
    if found == NLMSG_ERROR and code:
        raise OSError(-code, os.strerror(-code))


def message(kind: int, flags: int, address: str, index: int) -> bytes:
    """A whole rtnetlink message about a /32. Source: rtnetlink(7), linux/if_addr.h."""
    raw = socket.inet_aton(address)
    attributes = b"".join(struct.pack("=HH4s", 8, name, raw) for name in (IFA_LOCAL, IFA_ADDRESS))
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, index) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body


def announce(address: str, interface: str) -> None:
    """Tell the neighbours that the address is at this machine: gratuitous ARP, as request and as answer, because some
    systems heed one of them alone (RFC 5944). Raises OSError."""
    hardware = bytes.fromhex(Path(f"/sys/class/net/{interface}/address").read_text().strip().replace(":", ""))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((interface, 0))
        for operation in (1, 2):
            wire.send(arp(operation, address, hardware))


def arp(operation: int, address: str, hardware: bytes) -> bytes:
    """An Ethernet frame to everybody. Source: RFC 826."""
    raw = socket.inet_aton(address)
    target = b"\0" * 6 if operation == 1 else hardware
    head = BROADCAST + hardware + struct.pack("!H", ETH_P_ARP)
    return head + struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, operation, hardware, raw, target, raw)


def interface_of(address: str, root: str = "/") -> str:
    """The interface whose network has the address. Where none has, the loopback interface: the address is reached from
    this machine, and from others by their routes."""
    ip = ipaddress.IPv4Address(address)
    found = [(network.prefixlen, name) for name, network in _networks(Path(root)) if ip in network]
    return max(found)[1] if found else LOOPBACK


def _networks(root: Path) -> Iterator[tuple[str, ipaddress.IPv4Network]]:
    """Source: proc_net(5)."""
    try:
        lines = (root / "proc/net/route").read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        words = line.split()
        destination, mask = (int(words[column], 16).to_bytes(4, sys.byteorder) for column in (1, 7))
        direct = int(words[2], 16) == 0
        if any(mask) and direct:
            yield words[0], ipaddress.IPv4Network((destination, str(ipaddress.IPv4Address(mask))), strict=False)
