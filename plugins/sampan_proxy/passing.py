"""Docker drops what comes from outside unless a port was published; packets that the service proxy sends to containers
have to pass. One rule in Docker's own chain for such rules. Knows iptables because Docker's filter lives there: an
accept in nftables does not overrule it."""

from __future__ import annotations

import logging
import shutil
import subprocess

from sampan_proxy.rules import MARKS

log = logging.getLogger(__name__)

CHAIN = "DOCKER-USER"


def let_pass(table: str) -> None:
    """Idempotent; does nothing where there is no Docker."""
    if _iptables("-S", CHAIN) and not _iptables("-C", CHAIN, *_rule(table)):
        log.info("letting node ports reach containers: a rule in %s", CHAIN)
        _iptables("-I", CHAIN, *_rule(table))


def no_longer(table: str) -> None:
    while _iptables("-D", CHAIN, *_rule(table)):
        pass


def _rule(table: str) -> list[str]:
    marked = ["-m", "mark", "!", "--mark", f"0x0/0x{MARKS:x}"]
    return ["-m", "conntrack", "--ctstate", "DNAT", *marked, "-m", "comment", "--comment", table, "-j", "ACCEPT"]


def _iptables(*words: str) -> bool:
    tool = shutil.which("iptables")
    return (
        bool(tool) and subprocess.run([str(tool), "-w", "5", *words], capture_output=True, check=False).returncode == 0
    )
