"""Docker drops what is forwarded to its bridges from elsewhere; packets between the cluster's pods have to pass. Two
rules in Docker's own chain for such rules. Knows iptables because Docker's filter lives there: an accept in nftables
does not overrule it."""

from __future__ import annotations

import logging
import shutil
import subprocess

log = logging.getLogger(__name__)

CHAIN = "DOCKER-USER"


def let_pass(table: str, cluster: str) -> None:
    """Idempotent; does nothing where there is no Docker."""
    if not _iptables("-S", CHAIN):
        return
    for rule in rules(table, cluster):
        if not _iptables("-C", CHAIN, *rule):
            log.info("pod network: letting pods of other nodes reach containers: a rule in %s", CHAIN)
            _iptables("-I", CHAIN, *rule)


def no_longer(table: str, cluster: str) -> None:
    for rule in rules(table, cluster):
        while _iptables("-D", CHAIN, *rule):
            pass


def rules(table: str, cluster: str) -> list[list[str]]:
    """What pods send and what they get."""
    mark = ["-m", "comment", "--comment", table, "-j", "ACCEPT"]
    return [["-s", cluster, *mark], ["-d", cluster, *mark]]


def _iptables(*words: str) -> bool:
    tool = shutil.which("iptables")
    return (
        bool(tool) and subprocess.run([str(tool), "-w", "5", *words], capture_output=True, check=False).returncode == 0
    )
