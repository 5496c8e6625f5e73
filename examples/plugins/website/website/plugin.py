"""Where Websites meet the platform: wiring only."""

from __future__ import annotations

from sampan.contracts.kinds import Kind, Object
from sampan.contracts.reconciling import Reconciler
from sampan.hookspecs import hookimpl
from website.controller import CONTROLLER
from website.kind import WEBSITE
from website.rights import seeds


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [WEBSITE]


@hookimpl
def contribute_seeds() -> list[Object]:
    return seeds()


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    return [CONTROLLER]
