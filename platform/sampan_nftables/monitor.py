"""Tells when another program has removed a table (``nft flush ruleset``, a firewall's restart): it is written again.

The kernel announces each change of nftables by netlink; a thread waits for that and costs nothing meanwhile. Only whole
tables are noticed. Source: linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

import errno
import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

NETLINK_NETFILTER, GROUP = 12, 7  # NFNLGRP_NFTABLES
SUBSYSTEM, NEW_TABLE, DEL_TABLE, TABLE_NAME = 10, 0, 2, 1
FAMILIES = {1: "inet", 2: "ip", 7: "bridge", 10: "ip6"}
SIZE = 1 << 18
POLL = 0.1  # seconds without a further message after which a burst is over: a replaced table is removed and made in one


class TableMonitor:
    """``on_loss`` is called, on a thread of the monitor's, when a table of this name is gone, of any family."""

    def __init__(self, name: str, on_loss: Callable[[], None]) -> None:
        self._name, self._on_loss = name, on_loss
        self._stopped = False
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._listen, name=f"nft {name}", daemon=True)

    def start(self) -> bool:
        """Whether the kernel lets this process listen."""
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
            self._socket.bind((0, 1 << (GROUP - 1)))
        except OSError as error:
            log.debug("changes of nftables are not announced to this process: %s", error)
            return False
        self._thread.start()
        return True

    def stop(self) -> None:
        self._stopped = True
        if self._socket is not None:
            self._socket.close()

    def _listen(self) -> None:
        assert self._socket is not None
        gone: set[str] = set()
        while not self._stopped:
            try:
                self._socket.settimeout(POLL if gone else 5.0)
                data = self._socket.recv(SIZE)
            except TimeoutError:
                if gone:
                    self._on_loss()
                    gone.clear()
                continue
            except OSError as error:
                if error.errno == errno.ENOBUFS:  # messages were lost: the table may have been among them
                    gone.add("?")
                    continue
                return
            for present, family in changes(data, self._name):
                (gone.discard if present else gone.add)(family)


def changes(data: bytes, name: str) -> Iterator[tuple[bool, str]]:
    """(made or removed, family) for each message about a table of that name."""
    at = 0
    while at + 20 <= len(data):
        length, kind = struct.unpack_from("=IH", data, at)
        if length < 20:
            return
        about_table = kind >> 8 == SUBSYSTEM and kind & 0xFF in (NEW_TABLE, DEL_TABLE)
        if about_table and _name_in(data[at + 20 : at + length]) == name:
            yield kind & 0xFF == NEW_TABLE, FAMILIES.get(data[at + 16], "?")
        at += (length + 3) & ~3


def _name_in(attributes: bytes) -> str:
    at = 0
    while at + 4 <= len(attributes):
        length, kind = struct.unpack_from("=HH", attributes, at)
        if length < 4:
            break
        if kind == TABLE_NAME:
            return attributes[at + 4 : at + length].rstrip(b"\0").decode(errors="replace")
        at += (length + 3) & ~3
    return ""
