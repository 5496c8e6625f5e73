"""Where sampan_nodes meets the platform."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Reconciler, ReconcilerContext
from sampan.hookspecs import hookimpl
from sampan_nodes.leases import LEASE
from sampan_nodes.lifecycle import reconcilers
from sampan_nodes.nodes import NODE


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [NODE, LEASE]


@hookimpl
def contribute_reconcilers(context: ReconcilerContext) -> list[Reconciler]:
    return reconcilers()
