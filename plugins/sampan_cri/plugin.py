"""Where sampan_cri meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.contracts.components import Leftover
from sampan.contracts.options import ClusterOptions
from sampan.contracts.reconciling import ReconcilerContext
from sampan.hookspecs import hookimpl
from sampan_cri.settings import Settings

if TYPE_CHECKING:
    from sampan_runtime.contracts import Runtime, RuntimeOffer


__all__ = ["Settings"]  # what the platform reads


@hookimpl
def provide_runtime(name: str, home: str, options: ClusterOptions, context: ReconcilerContext) -> Runtime | None:
    if name != "cri":
        return None
    from sampan_cri.opening import open_runtime

    settings = context.settings if isinstance(context.settings, Settings) else Settings()
    return open_runtime(home, options, settings)


@hookimpl
def contribute_runtimes() -> list[RuntimeOffer]:
    from sampan_cri import discovery
    from sampan_runtime.contracts import RuntimeOffer

    offer = RuntimeOffer(
        name="cri", pods="containers", priority=50, found="a CRI runtime answers", unavailable=discovery.trouble,
        host_address=discovery.host_address, cni=True,
    )  # fmt: skip
    return [offer]


@hookimpl
def contribute_leftovers() -> list[Leftover]:
    from sampan_cri.leftovers import leftovers

    return leftovers()
