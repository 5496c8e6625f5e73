"""Where Websites meet the platform: wiring only."""

from __future__ import annotations

from sampan.contracts.kinds import Kind, Object
from sampan.contracts.reconciling import Reconciler
from sampan.hookspecs import hookimpl
from website.controller import CONTROLLER
from website.kind import WEBSITE
from website.rights import bootstrap_objects


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [WEBSITE]


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    return bootstrap_objects()


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    return [CONTROLLER]
