"""Where sampan_crds meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.contracts.kind_sources import KindSource
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import Duty, ServerContext
from sampan.hookspecs import hookimpl

if TYPE_CHECKING:
    from sampan_crds.upkeep import Upkeep

#: Of each server of this process that is starting, by its inside view: from the hook of the source to that of the duty.
_starting: dict[int, Upkeep] = {}


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_crds.kind import CUSTOM_RESOURCE_DEFINITION

    return [CUSTOM_RESOURCE_DEFINITION]


@hookimpl
def contribute_kind_sources(context: ServerContext) -> list[KindSource]:
    from sampan_crds.source import CustomResources
    from sampan_crds.strategies import Strategies
    from sampan_crds.upkeep import Upkeep  # with all that schemas need: only the API server has it

    strategies = Strategies(context.cluster)
    found = CustomResources(context.cluster, strategies)
    _starting[id(context.cluster)] = Upkeep(context.cluster, found, strategies.close)
    return [found]


@hookimpl
def contribute_duties(context: ServerContext) -> list[Duty]:
    return [Duty("definitions", _starting.pop(id(context.cluster)).run)]
