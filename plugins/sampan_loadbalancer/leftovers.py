"""Tables of load balancers of all clusters in this machine's packet filter. Only looks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

from sampan.contracts.components import Leftover

TABLE = re.compile(r"^table inet (sampanlb_(\S+))$", re.MULTILINE)


def leftovers() -> list[Leftover]:
    tool = shutil.which("nft")
    if tool is None:
        return []
    done = subprocess.run([tool, "list", "tables", "inet"], capture_output=True, text=True, check=False)
    return list(of_tables(done.stdout))


def of_tables(said: str) -> Iterator[Leftover]:
    """From the words of ``nft list tables inet``."""
    for name, identity in TABLE.findall(said):
        yield Leftover(what=f"load balancers' table {name}", remove=f"nft delete table inet {name}", home_id=identity)
