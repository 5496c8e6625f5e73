"""Addresses of hollow nodes and their pods."""

from __future__ import annotations

import ipaddress
import threading

#: Every hollow node has a loopback address of its own, so that one port serves them all: by the address that a request
#: comes to, the server knows the node. Clear of the loopback ranges that sampan gives to pods and Services.
NODES = ipaddress.ip_network("127.32.0.0/11")


class Pool:
    """Addresses of a network, given out one after another; each is its uid's until it is released."""

    def __init__(self, network: str) -> None:
        found = ipaddress.ip_network(network)
        self._first, self._size = int(found[0]) + 1, max(1, found.num_addresses - 2)
        self._next = 0
        self._by_uid: dict[str, int] = {}
        self._taken: set[int] = set()
        self._lock = threading.Lock()

    def __contains__(self, address: str) -> bool:
        try:
            return 0 <= int(ipaddress.ip_address(address)) - self._first < self._size
        except ValueError:
            return False

    def take(self, uid: str) -> str:
        """The uid's address; where all are taken, "" is returned."""
        with self._lock:
            number = self._by_uid.get(uid)
            if number is None:
                if len(self._taken) >= self._size:
                    return ""
                while self._next in self._taken:
                    self._next = (self._next + 1) % self._size
                number = self._by_uid[uid] = self._next
                self._taken.add(number)
                self._next = (self._next + 1) % self._size
        return str(ipaddress.ip_address(self._first + number))

    def keep(self, uid: str, address: str) -> None:
        """An address that the uid has already, from an earlier run."""
        with self._lock:
            if uid not in self._by_uid and address in self:
                number = int(ipaddress.ip_address(address)) - self._first
                if number not in self._taken:
                    self._by_uid[uid] = number
                    self._taken.add(number)

    def release(self, uid: str) -> None:
        with self._lock:
            number = self._by_uid.pop(uid, None)
            if number is not None:
                self._taken.discard(number)
