"""A loopback address for each pod, from a network that no other home of this machine has (option ``loopback_pods``)."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Container

from sampan_runtime.contracts import RuntimeFailure

FIRST, COUNT = 128, 127  # second octets: 127.128 to 127.254, clear of 127.0 and of Service addresses


def network(home: str) -> str:
    """Where the options name none: derived from the runtime's home."""
    digest = hashlib.sha256(home.encode()).digest()
    return f"127.{FIRST + digest[0] % COUNT}.{digest[1]}.0/24"


def free(network: str, taken: Container[str]) -> str:
    """A free address; raises RuntimeFailure when all are taken."""
    for address in ipaddress.ip_network(network).hosts():
        if str(address) not in taken:
            return str(address)
    raise RuntimeFailure("CreatePodSandboxError", f"no free pod address in {network}")
