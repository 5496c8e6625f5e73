"""What Services need of this machine."""

from __future__ import annotations

import os
import shutil

from sampan.contracts.checks import Finding


def packet_filter() -> Finding:
    """Whether the packet filter can be programmed."""
    if os.geteuid() == 0 and shutil.which("nft") is not None:
        return Finding("ok", "nftables may be used: Services get routed cluster addresses")
    why = "the nft command is missing (Debian: apt-get install nftables)" if os.geteuid() == 0 else "this is not root"
    return Finding("note", f"nftables may not be used ({why}): Services get loopback addresses and a forwarder")
