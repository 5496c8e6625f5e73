"""Where sampan_proxy meets the platform."""

from __future__ import annotations

from sampan.contracts.checks import Finding
from sampan.contracts.components import Component, Leftover, Running
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl


def _run(running: Running) -> None:
    from sampan_proxy.component import run

    run(running)


def _cleanup(home: str, options: ClusterOptions) -> None:
    from sampan_proxy.component import cleanup

    cleanup(home, options)


@hookimpl
def contribute_components() -> list[Component]:
    return [
        Component(
            name="proxy", run=_run, user="system:kube-proxy", groups=("system:node-proxier",), process="node",
            cleanup=_cleanup,
        )
    ]  # fmt: skip


@hookimpl
def contribute_leftovers() -> list[Leftover]:
    from sampan_proxy.leftovers import leftovers

    return leftovers()


@hookimpl
def contribute_checks() -> list[Finding]:
    from sampan_proxy.checks import packet_filter

    return [packet_filter()]
