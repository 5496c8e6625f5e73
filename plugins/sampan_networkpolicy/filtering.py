"""Keeps the kernel's two tables of this cluster equal to the rules; programmed by difference."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from sampan_networkpolicy import bridging, rules
from sampan_networkpolicy.deciding import PolicyRules
from sampan_networkpolicy.rules import NftPolicyTable
from sampan_nftables.kernel import Kernel, ScriptRefused

log = logging.getLogger(__name__)


class PolicyFilter:
    """One transaction for each change: at no moment is a pod without its rules. Not thread-safe."""

    def __init__(
        self, kernel: Kernel, table: str, *, hardware: Callable[[Iterable[str]], dict[str, str]] = bridging.hardware,
        bridges: bool | None = None,
    ) -> None:  # fmt: skip
        self._kernel = kernel
        self._name = table
        self._hardware = hardware
        self._bridges = knows_bridges(kernel) if bridges is None else bridges
        self._now: list[NftPolicyTable] = []

    def gap(self) -> str:
        """In words what passes unfiltered on this machine; "" for nothing."""
        if self._bridges or bridging.calls_filter():
            return ""
        return (
            "the kernel has neither nftables' bridge family nor br_netfilter: traffic between two pods of this node is "
            "not filtered"
        )

    def apply(self, wanted: PolicyRules) -> None:
        """Raises ScriptRefused where the kernel takes neither the change nor the whole."""
        tables = [rules.filter_table(self._name, wanted)]
        if self._bridges:
            tables.append(rules.bridge_table(self._name, self._hardware(wanted.isolated)))
        old, self._now = self._now, []
        if old:
            script = "".join(rules.difference(before, now) for before, now in zip(old, tables, strict=True))
            try:
                if script:
                    self._kernel.run(script)
            except ScriptRefused as error:
                log.warning("the packet filter refused a change of policies and is written again: %s", error)
                self._write(tables)
        else:
            self._write(tables)
        self._now = tables

    def _write(self, tables: list[NftPolicyTable]) -> None:
        self._kernel.run("".join(map(rules.whole, tables)))

    def forget(self) -> None:
        """The next time the whole is written: another program has changed what is in the kernel."""
        self._now = []

    def remove(self) -> None:
        for family in ("inet", "bridge") if self._bridges else ("inet",):
            self._kernel.run(rules.remove(family, self._name))


def knows_bridges(kernel: Kernel) -> bool:
    """Whether the kernel filters frames on bridges and can send them up to the IP layer."""
    probe = rules.NftPolicyTable(
        "bridge", "sampan_probe", rules.bridge_table("", {}).fixed, rules.bridge_table("", {}).sets
    )
    try:
        kernel.run(rules.whole(probe) + rules.remove("bridge", probe.name))
    except ScriptRefused as error:
        log.debug("no nftables on bridges: %s", error)
        return False
    return True
