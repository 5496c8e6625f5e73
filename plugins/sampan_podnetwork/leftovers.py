"""Tables and tunnels of all clusters on this machine. Only looks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sampan.contracts.components import Leftover

TABLE = re.compile(r"^table ip (sampanpn_(\S+))$", re.MULTILINE)
DEVICE = re.compile(r"vx([0-9a-f]{12})")
NET = "/sys/class/net"


def leftovers() -> list[Leftover]:
    return [*of_tables(_said()), *of_devices(NET)]


def of_tables(said: str) -> Iterator[Leftover]:
    """From the words of ``nft list tables ip``."""
    for name, identity in TABLE.findall(said):
        yield Leftover(what=f"packet filter table {name}", remove=f"nft delete table ip {name}", home_id=identity)


def of_devices(root: str) -> Iterator[Leftover]:
    for path in sorted(Path(root).glob("vx*")):
        if form := DEVICE.fullmatch(path.name):
            yield Leftover(what=f"tunnel {path.name}", remove=f"ip link delete {path.name}", home_id=form[1])


def _said() -> str:
    """Empty without the tool or the right."""
    tool = shutil.which("nft")
    if tool is None:
        return ""
    return subprocess.run([tool, "list", "tables", "ip"], capture_output=True, text=True, check=False).stdout
