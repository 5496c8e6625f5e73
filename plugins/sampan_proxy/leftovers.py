"""Tables and rules of all clusters in this machine's packet filter. Only looks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator

from sampan.contracts.components import Leftover
from sampan_proxy.passing import CHAIN

TABLE = re.compile(r"^table ip (sampan_(\S+))$", re.MULTILINE)
RULE = re.compile(r"^-A (.* --comment \"?sampan_([^\s\"]+)\"? .*)$", re.MULTILINE)


def leftovers() -> list[Leftover]:
    return [*of_tables(_said("nft", "list", "tables", "ip")), *of_rules(_said("iptables", "-S", CHAIN))]


def of_tables(said: str) -> Iterator[Leftover]:
    """From the words of ``nft list tables ip``."""
    for name, identity in TABLE.findall(said):
        yield Leftover(what=f"packet filter table {name}", remove=f"nft delete table ip {name}", home_id=identity)


def of_rules(said: str) -> Iterable[Leftover]:
    """From the words of ``iptables -S``."""
    for rule, identity in RULE.findall(said):
        yield Leftover(what=f"a rule in {CHAIN} for sampan_{identity}", remove=f"iptables -D {rule}", home_id=identity)


def _said(*words: str) -> str:
    """Empty without the tool, the right or the chain."""
    tool = shutil.which(words[0])
    if tool is None:
        return ""
    return subprocess.run([tool, *words[1:]], capture_output=True, text=True, check=False).stdout
