"""Services by nftables: keeps the kernel's table equal to what is wanted."""

from __future__ import annotations

import dataclasses
import logging
import shutil
import subprocess
from collections import Counter
from collections.abc import Collection, Iterator

from sampan_nftables.kernel import Kernel, ScriptRefused
from sampan_proxy import hairpins, passing, rules
from sampan_proxy.rules import NftTable
from sampan_proxy.wanted import Frontend, Wanted

log = logging.getLogger(__name__)


class Filtering:
    """One table, programmed by difference; when a difference is refused, the whole table is written again.

    Of what is in the kernel the frontends are kept, and how many of them use a hairpin; elements are made from them.
    """

    def __init__(self, kernel: Kernel, table: str, pod_cidr: str, service_cidr: str = "") -> None:
        self._kernel = kernel
        self._name = table
        self._pod_cidr, self._service_cidr = pod_cidr, service_cidr
        self._served: Wanted | None = None
        self._draws: frozenset[rules.BackendChain] = frozenset()
        self._hairpins: Counter[str] = Counter()
        self._loopback = False

    def apply(self, wanted: Wanted, changed: Collection[Frontend] | None = None) -> None:
        """``changed``: the frontends that may differ from the last time; None: any."""
        hairpins.allow()  # pods that have become endpoints bring ports of their own
        served, self._served = self._served, None
        if served is None:
            self._write(wanted)
            return
        if changed is None:
            changed = [front for front in served.keys() | wanted.keys() if served.get(front) != wanted.get(front)]
        before = {front: served[front] for front in changed if front in served}
        now = {front: wanted[front] for front in changed if front in wanted}
        if rules.needs_loopback(now) > self._loopback:
            self._write(wanted)
            return
        old, new = self._parts(before, now)
        if script := rules.difference(old, new):
            try:
                self._kernel.run(script)
            except ScriptRefused as error:
                log.warning("the packet filter refused a change and is written again: %s", error)
                self._write(wanted)
                served = dict(wanted)
            _forget_flows(old, new)
        self._draws |= new.draws
        for front in before.keys() - now.keys():
            served.pop(front, None)
        served.update(now)
        self._served = served

    def _parts(self, before: Wanted, now: Wanted) -> tuple[rules.NftTable, rules.NftTable]:
        """What these frontends have in the table, and shall have. Hairpins are shared by frontends: only those differ
        that no frontend used before, or that none uses any more."""
        old, new = (rules.build(self._name, self._pod_cidr, part) for part in (before, now))
        touched = Counter(_hairpins(before))
        touched.subtract(_hairpins(now))
        for address, fewer in touched.items():
            count = self._hairpins[address]
            self._hairpins[address] = count - fewer
            old.maps["hairpin"].pop(f"{address} . {address}", None)
            new.maps["hairpin"].pop(f"{address} . {address}", None)
            if count and count == fewer:
                old.maps["hairpin"][f"{address} . {address}"] = ""
                del self._hairpins[address]
            elif not count and fewer:
                new.maps["hairpin"][f"{address} . {address}"] = ""
        known = NftTable(self._name, self._pod_cidr, draws=self._draws, maps=old.maps)
        return known, new

    def _write(self, wanted: Wanted) -> None:
        table = rules.build(self._name, self._pod_cidr, wanted)
        table = dataclasses.replace(table, service_cidr=self._service_cidr)
        self._kernel.run(rules.whole(table))
        passing.let_pass(self._name)
        self._served, self._draws, self._loopback = dict(wanted), table.draws, table.local_node_ports
        self._hairpins = Counter(_hairpins(wanted))

    def forget(self) -> None:
        """The next time the whole is written: another program has changed what is in the kernel."""
        self._served = None

    def close(self) -> None:
        """Rules stay, so that Services work while this process restarts; ``remove`` takes them away."""

    def remove(self) -> None:
        self._kernel.run(rules.remove(self._name))
        passing.no_longer(self._name)


def _hairpins(wanted: Wanted) -> Iterator[str]:
    """The address of each backend, once for each frontend that uses it."""
    for serving in wanted.values():
        yield from {backend.address for backend in serving.backends}


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
