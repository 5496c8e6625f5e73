"""Policy tables of all clusters in this machine's packet filter. Only looks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

from sampan.contracts.components import Leftover

TABLE = re.compile(r"^table (inet|bridge) (sampan_(\S+))$", re.MULTILINE)


def leftovers() -> list[Leftover]:
    tool = shutil.which("nft")
    if tool is None:
        return []
    return list(of_tables(subprocess.run([tool, "list", "tables"], capture_output=True, text=True, check=False).stdout))


def of_tables(said: str) -> Iterator[Leftover]:
    """From the words of ``nft list tables``."""
    for family, name, identity in TABLE.findall(said):
        yield Leftover(
            what=f"network policies: table {name} of family {family}", remove=f"nft delete table {family} {name}",
            home_id=identity,
        )  # fmt: skip
