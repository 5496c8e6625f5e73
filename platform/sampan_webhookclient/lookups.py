"""Looks up host names on threads: the resolver of the C library blocks, and knows no deadline of ours."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable

MOST = 32  # names looked up at a time


class Lookup:
    """The addresses of one host. Read ``addresses`` or ``failure`` once ``done``."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.addresses: list[str] = []
        self.failure = ""
        self.done = False
        self._told: list[Callable[[], None]] = []


class Lookups:
    """Those under way; callers of the same name share one."""

    def __init__(self, resolve: Callable[[str], list[str]] | None = None) -> None:
        self._resolve = resolve or _resolve
        self._running: dict[str, Lookup] = {}
        self._lock = threading.Lock()

    def find(self, host: str, then: Callable[[], None]) -> Lookup:
        """``then`` is called on another thread when it is done, unless it is when this returns."""
        lookup = Lookup(host)
        if _is_address(host):
            lookup.addresses, lookup.done = [host], True
            return lookup
        with self._lock:
            running = self._running.get(host)
            if running is not None:
                running._told.append(then)
                return running
            if len(self._running) >= MOST:
                lookup.failure, lookup.done = f"lookup {host}: too many lookups at a time", True
                return lookup
            self._running[host] = lookup
            lookup._told.append(then)
        threading.Thread(target=self._run, args=(lookup,), name="webhook-lookup", daemon=True).start()
        return lookup

    def _run(self, lookup: Lookup) -> None:
        try:
            lookup.addresses = self._resolve(lookup.host)
            lookup.failure = "" if lookup.addresses else f"lookup {lookup.host}: no such host"
        except (OSError, UnicodeError):
            lookup.failure = f"lookup {lookup.host}: no such host"
        with self._lock:
            self._running.pop(lookup.host, None)
            lookup.done = True
            told = lookup._told
        for then in told:
            then()


def _resolve(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
