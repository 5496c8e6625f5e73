"""Where sampan_dns meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.components import Component, Running
from sampan.hookspecs import hookimpl
from sampan_dns.manifests import USER, manifests
from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.dns``."""

    address: str = ""
    """Address to listen on; empty: where pods reach this machine."""
    port: int = 0
    """Port to listen on; 0: a free one, which is right wherever a Service leads to it."""
    upstream: tuple[str, ...] = ()
    """Resolvers for all other names (``10.0.0.1`` or ``10.0.0.1:5353``); empty: the machine's own."""
    publish: bool = True
    """Whether to lead the Service kube-dns here by an EndpointSlice; not done where that Service has a selector."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            address=bounds.optional(bounds.address),
            port=bounds.PORT,
            upstream=bounds.each(bounds.endpoint),
        )


def _run(running: Running) -> None:
    from sampan_dns.component import run

    run(running)


@hookimpl
def contribute_components() -> list[Component]:
    return [Component(name="dns", run=_run, user=USER, process="dns", manifests=manifests)]
