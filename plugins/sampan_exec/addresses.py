"""A loopback address for each pod, from a range that depends on the cluster's home, so that two clusters differ."""

from __future__ import annotations

import hashlib
from collections.abc import Container

from sampan.contracts.runtime import RuntimeFailure

FIRST, COUNT = 128, 127  # second octets: 127.128 to 127.254, clear of 127.0 and of Service addresses at 127.96


def network(home: str) -> str:
    """The first three octets of every pod address under this home."""
    digest = hashlib.sha256(home.encode()).digest()
    return f"127.{FIRST + digest[0] % COUNT}.{digest[1]}"


def free(home: str, taken: Container[str]) -> str:
    """An address nobody has; raises RuntimeFailure when all 254 are taken."""
    first = network(home)
    for last in range(1, 255):
        if (address := f"{first}.{last}") not in taken:
            return address
    raise RuntimeFailure("CreatePodSandboxError", f"no free pod address in {first}.0/24")
