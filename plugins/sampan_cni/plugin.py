"""Where sampan_cni meets the platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sampan.contracts.components import Component, Running
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.cni``."""

    conf_dir: str = "/etc/cni/net.d"
    """Folder in which the container runtime looks for CNI configurations. Empty: none is written, another network add-on does that."""  # noqa: E501  # one line of the table
    bin_dir: str = ""
    """Folder with the CNI plugins that the runtime runs. Empty: /opt/cni/bin or /usr/lib/cni, the first that has the plugin bridge."""  # noqa: E501  # one line of the table
    pod_cidr: str = ""
    """Addresses of this node's pods. Empty: the node's range (Node.spec.podCIDR), for which is waited."""
    mtu: int = 0
    """MTU of the pods' interfaces; 0: the kernel's default, 1500."""

    def __post_init__(self) -> None:
        bounds.require(self, pod_cidr=_network, mtu=bounds.number(0, 65535))


def _network(value: str) -> str:
    """A problem, "" for none."""
    import ipaddress

    try:
        if value:
            ipaddress.ip_network(value)
    except ValueError as error:
        return str(error)
    return ""


def _run(running: Running) -> None:
    from sampan_cni.component import run

    run(running)


def _cleanup(home: str, options: ClusterOptions) -> None:
    from sampan_cni.component import cleanup

    cleanup(home, options)


@hookimpl
def contribute_components() -> Sequence[Component]:
    return [
        Component(
            name="cni", run=_run, user="system:node:{node}", groups=("system:nodes",), process="node", cleanup=_cleanup,
            cleans_up_last=True, hooks=frozenset({"contribute_runtimes"}),
        )
    ]  # fmt: skip
