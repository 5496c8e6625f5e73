"""Where sampan_node meets the platform."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sampan.contracts.checks import CheckContext, Finding
from sampan.contracts.commands import Command
from sampan.contracts.components import Component, Running
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    max_pods: int = 110
    """Most pods that this node takes."""
    allowed_unsafe_sysctls: tuple[str, ...] = ()
    """Sysctls that pods may set beside the safe ones, by name or as a beginning with a star: net.core.*"""

    container_pids_limit: int = 0
    """Most processes and threads of one container; 0: no limit of its own."""
    static_pods: str = ""
    """Folder with manifests of static pods, which run with or without an API; relative to home. Empty: none."""
    evict_below_memory: str = "100Mi"
    """Memory below which a pod is evicted: bytes, or a percentage of the machine's; empty: never."""
    evict_below_disk: str = "1Gi"
    """The same of the disk that the agent's home is on."""
    evict_below_pids: str = ""
    """Free process ids below which new pods are refused; a number, or a percentage of all; empty: never."""
    image_gc_high_percent: float = 85
    """Percentage of the disk in use above which images that the agent pulled and nothing uses are removed; 0: never."""
    image_gc_low_percent: float = 80
    """Percentage at which that ends."""

    def __post_init__(self) -> None:
        bounds.require(
            self, max_pods=bounds.number(1), container_pids_limit=bounds.number(0),
            evict_below_memory=amount, evict_below_disk=amount,
            evict_below_pids=amount, image_gc_high_percent=bounds.number(0, 100),
            image_gc_low_percent=bounds.number(0, 100),
        )  # fmt: skip


def amount(value: str) -> str:
    """A problem with a quantity or percentage, "" where it is one, or empty."""
    fits = re.fullmatch(r"|[0-9]+(\.[0-9]+)?%|[0-9]+(k|M|G|T|Ki|Mi|Gi|Ti)?", value)
    return "" if fits else f"must look like 100Mi or 5%, not {value!r}"


def run(running: Running) -> None:
    from sampan_node.agent import run as run_agent

    run_agent(running)


def clean_up(home: str, options: ClusterOptions) -> None:
    from sampan_node.runtimes import clean_up as remove_all

    remove_all(home, options)


@hookimpl
def contribute_components() -> Sequence[Component]:
    return [
        Component(
            name="node", run=run, user="system:node:{node}", groups=("system:nodes",), process="node", cleanup=clean_up,
            hooks=frozenset(
                {
                    "provide_runtime", "contribute_runtimes", "contribute_sandbox_guards", "contribute_volume_mounters",
                    "contribute_claimed_devices",
                }
            ),
        )
    ]  # fmt: skip


@hookimpl
def contribute_checks(context: CheckContext) -> Sequence[Finding]:
    from sampan_node import checks

    return checks.runtime(context)


@hookimpl
def contribute_commands() -> Sequence[Command]:
    text = "Run this machine's node alone: its agent and its service proxy, as clients of an API server."
    return [Command(name="node", help=text, runs=lambda component: component.process == "node")]
