"""Where sampan_ingress meets the platform."""

from __future__ import annotations

from sampan.contracts.components import Component, Running
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_ingress.manifests import USER, manifests
from sampan_ingress.settings import Settings

__all__ = ["Settings"]


def _run(running: Running) -> None:
    from sampan_ingress.component import run

    run(running)


def _cleanup(home: str, options: ClusterOptions) -> None:
    from sampan_ingress.component import cleanup

    cleanup(home, options)


@hookimpl
def contribute_components() -> list[Component]:
    return [Component(name="ingress", run=_run, user=USER, process="ingress", cleanup=_cleanup, manifests=manifests)]
