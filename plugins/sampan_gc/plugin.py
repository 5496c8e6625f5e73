"""Where sampan_gc meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.admission import Admitter
from sampan.contracts.reconciling import Standing
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.gc``."""

    owner_references_permission_enforcement: bool = False
    """Whether setting owner references needs the right to delete the object, and blocking the owner's deletion the
    right to change the owner's finalizers."""


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    if not context.settings.owner_references_permission_enforcement:
        return []
    from sampan_gc.permissions import OwnerReferencesPermissionEnforcement

    return [OwnerReferencesPermissionEnforcement(context.cluster.decide, context.resources_of)]


@hookimpl
def contribute_reconcilers() -> list[Standing]:
    from sampan_gc import collector

    return [Standing(name="garbage-collector", run=collector.run, turns=collector.turns)]
