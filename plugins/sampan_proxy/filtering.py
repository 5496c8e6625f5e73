"""Services by nftables: keeps the kernel's table equal to what is wanted."""

from __future__ import annotations

import logging
import shutil
import subprocess

from sampan_proxy import rules
from sampan_proxy.kernel import Kernel, Refused
from sampan_proxy.wanted import Wanted

log = logging.getLogger(__name__)


class Filtering:
    """One table, programmed by difference; whenever a difference is refused, the whole is written anew."""

    def __init__(self, kernel: Kernel, table: str, pod_cidr: str) -> None:
        self._kernel = kernel
        self._name = table
        self._pod_cidr = pod_cidr
        self._now: rules.Table | None = None

    def apply(self, wanted: Wanted) -> None:
        new = rules.build(self._name, self._pod_cidr, wanted)
        old = self._now
        self._now = None
        if old is None or old.local_node_ports != new.local_node_ports:
            self._kernel.run(rules.whole(new))
        elif script := rules.difference(old, new):
            try:
                self._kernel.run(script)
            except Refused as error:
                log.warning("the packet filter refused a change and is written anew: %s", error)
                self._kernel.run(rules.whole(new))
            _forget_flows(old, new)
        self._now = new

    def close(self) -> None:
        """Rules stay, so that Services work while this process restarts; ``remove`` takes them away."""

    def remove(self) -> None:
        self._kernel.run(rules.remove(self._name))


def _forget_flows(old: rules.Table, new: rules.Table) -> None:
    """UDP clients keep their flow to a backend that has gone until it is forgotten; TCP notices by itself."""
    gone = {key: data for key, data in old.maps["eps"].items() if new.maps["eps"].get(key) != data and " . udp . " in key}
    tool = shutil.which("conntrack")
    if not gone or not tool:
        return
    for key, data in gone.items():
        front, backend = key.split(" . ")[0], data.split(" . ")[0]
        subprocess.run(
            [tool, "-D", "-p", "udp", "--orig-dst", front, "--dst-nat", backend], capture_output=True, check=False
        )
