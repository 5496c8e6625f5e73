"""Keeps the announced addresses on this machine, remembers them in a file, and lets only Services answer there."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from sampan_loadbalancer import interfaces
from sampan_nftables.kernel import Kernel

log = logging.getLogger(__name__)

FILE = "addresses.json"
ROUNDS = 5  # a frame may be lost: a switch has just seen the link, or the kernel that the cable is in


class Machine(Protocol):
    """As the module ``interfaces``."""

    def add(self, address: str, interface: str) -> bool: ...

    def remove(self, address: str, interface: str) -> None: ...

    def announce(self, address: str, interface: str) -> None: ...

    def interface_of(self, address: str) -> str: ...


class Holding:
    """The file says which addresses are this cluster's doing: they are removed even where the process was killed."""

    def __init__(
        self, home: str, kernel: Kernel | None, table: str, *, interface: str = "", machine: Machine = interfaces
    ) -> None:
        self._file = Path(home) / FILE
        self._kernel, self._table = kernel, table
        self._interface, self._machine = interface, machine
        self._held = self._remembered()  # address → interface
        self._announced: dict[str, int] = {}  # address → rounds that are still to come
        self._guarded: frozenset[str] | None = None

    def apply(self, wanted: Collection[str]) -> None:
        """Raises OSError or ScriptRefused; what was done stays done."""
        routed = frozenset(address for address in wanted if not ipaddress.ip_address(address).is_loopback)
        if routed != self._guarded and self._kernel is not None:
            self._kernel.run(guard_rules(self._table, routed))  # before the first address is there
            self._guarded = routed
        for address in sorted(self._held.keys() - routed):
            self._machine.remove(address, self._held[address])
            self._remember({key: value for key, value in self._held.items() if key != address})
            self._announced.pop(address, None)
        for address in sorted(routed - self._announced.keys()):
            self._take(address)

    def _take(self, address: str) -> None:
        interface = self._held.get(address) or self._interface or self._machine.interface_of(address)
        before = dict(self._held)
        self._remember({**before, address: interface})
        if not self._machine.add(address, interface) and address not in before:
            log.info("address %s is on this machine already; it is left alone", address)
            self._remember(before)
        if interface == interfaces.LOOPBACK:
            self._announced[address] = 0
            return
        self._machine.announce(address, interface)
        self._announced[address] = ROUNDS - 1

    @property
    def repeats(self) -> bool:
        """Whether ``repeat`` has something to do, a second later."""
        return any(self._announced.values())

    def repeat(self) -> None:
        """Announce again what is new. Raises OSError."""
        for address in [address for address, rounds in self._announced.items() if rounds]:
            self._announced[address] -= 1
            if interface := self._held.get(address):  # None: the machine had the address before
                self._machine.announce(address, interface)

    def remove(self) -> None:
        """Everything of this cluster."""
        for address, interface in self._held.items():
            self._machine.remove(address, interface)
        self._remember({})
        if self._kernel is not None:
            self._kernel.run(f"add table inet {self._table}\ndelete table inet {self._table}\n")

    def _remembered(self) -> dict[str, str]:
        try:
            found = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}

    def _remember(self, held: dict[str, str]) -> None:
        if held != self._held:
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps(held))
            os.replace(fresh, self._file)  # whole or not at all
            self._held = held


def guard_rules(table: str, addresses: Collection[str]) -> str:
    """The table that refuses what comes to these addresses and is not a Service's: packets to Services have another
    target by then. Without it every server of the machine that listens on all addresses would answer there."""
    elements = f"elements = {{ {', '.join(sorted(addresses))} }}; " if addresses else ""
    return f"""add table inet {table}
delete table inet {table}
table inet {table} {{
 set addresses {{ type ipv4_addr; {elements}}}
 chain inwards {{ type filter hook input priority filter - 10;
  ct state established,related accept
  ip daddr @addresses jump others
 }}
 chain others {{
  icmp type echo-request accept
  meta l4proto tcp reject with tcp reset
  reject
 }}
}}
"""
