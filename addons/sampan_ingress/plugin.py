"""Where sampan_ingress meets the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan.contracts.components import Component, Running
from sampan.hookspecs import hookimpl
from sampan_ingress.manifests import USER, manifests
from sampan_ingress.settings import Settings

__all__ = ["Settings"]


def _run(running: Running) -> None:
    from sampan_ingress.component import run

    run(running)


def _cleanup(home: str, options: Mapping[str, Any]) -> None:
    from sampan_ingress.component import cleanup

    cleanup(home, options)


@hookimpl
def contribute_components() -> list[Component]:
    return [Component(name="ingress", run=_run, user=USER, process="ingress", cleanup=_cleanup, manifests=manifests)]
