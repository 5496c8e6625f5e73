"""Services by nftables: keeps the kernel's table equal to what is wanted."""

from __future__ import annotations

import logging
import shutil
import subprocess

from sampan_nftables.kernel import Kernel, ScriptRefused
from sampan_proxy import hairpins, passing, rules
from sampan_proxy.wanted import Wanted

log = logging.getLogger(__name__)


class Filtering:
    """One table, programmed by difference; when a difference is refused, the whole table is written again."""

    def __init__(self, kernel: Kernel, table: str, pod_cidr: str) -> None:
        self._kernel = kernel
        self._name = table
        self._pod_cidr = pod_cidr
        self._now: rules.NftTable | None = None

    def apply(self, wanted: Wanted) -> None:
        new = rules.build(self._name, self._pod_cidr, wanted)
        old = self._now
        self._now = None
        hairpins.allow()  # pods that have become endpoints bring ports of their own
        if old is None or old.local_node_ports != new.local_node_ports:
            self._kernel.run(rules.whole(new))
            passing.let_pass(self._name)
        elif script := rules.difference(old, new):
            try:
                self._kernel.run(script)
            except ScriptRefused as error:
                log.warning("the packet filter refused a change and is written again: %s", error)
                self._kernel.run(rules.whole(new))
            _forget_flows(old, new)
        self._now = new

    def close(self) -> None:
        """Rules stay, so that Services work while this process restarts; ``remove`` takes them away."""

    def remove(self) -> None:
        self._kernel.run(rules.remove(self._name))
        passing.no_longer(self._name)


def _forget_flows(old: rules.NftTable, new: rules.NftTable) -> None:
    """UDP clients keep their flow to a backend that has gone until it is forgotten; TCP notices by itself.

    Where a frontend is new, flows that found no backend are deleted as well.
    """
    tool = shutil.which("conntrack")
    if not tool:
        return
    for words in stale_flows(old, new):
        subprocess.run([tool, "-D", "-p", "udp", *words], capture_output=True, check=False)


def stale_flows(old: rules.NftTable, new: rules.NftTable) -> list[list[str]]:
    """Which flows to forget, each as conntrack's own words."""
    found = []
    for name in ("eps", "npeps"):
        before, now = old.maps[name], new.maps[name]
        for key, data in before.items():
            if now.get(key) != data and "udp" in key.split(" . "):
                found.append([*_front(key), "--reply-src", data.split(" . ")[0]])
    for name in ("svc", "np"):
        for key in new.maps[name].keys() - old.maps[name].keys():
            if "udp" in key.split(" . "):
                found.append(_front(key))
    return sorted(found)


def _front(key: str) -> list[str]:
    words = key.split(" . ")
    if words[0] == "udp":
        return ["--orig-port-dst", words[1]]
    return ["--orig-dst", words[0], "--orig-port-dst", words[2]]
