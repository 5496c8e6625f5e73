"""Where sampan_exec meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.contracts.components import Leftover
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl

if TYPE_CHECKING:
    from sampan_runtime.contracts import Runtime, RuntimeOffer


@hookimpl
def provide_runtime(name: str, home: str, options: ClusterOptions) -> Runtime | None:
    if name != "exec":
        return None
    from pathlib import Path

    from sampan_exec.runtime import ExecRuntime

    if options.node_pod_cidr:  # all of its addresses are this machine's own: the pod network sees to that
        return ExecRuntime(Path(home), options.node_pod_cidr, options.node_ip)
    return ExecRuntime(Path(home), options.loopback_pods)


@hookimpl
def contribute_runtimes() -> list[RuntimeOffer]:
    from sampan_runtime.contracts import RuntimeOffer

    return [RuntimeOffer(name="exec", pods="host processes (exec runtime)")]


@hookimpl
def contribute_leftovers() -> list[Leftover]:
    from sampan_exec.leftovers import leftovers

    return list(leftovers())
