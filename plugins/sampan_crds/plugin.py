"""Where sampan_crds meets the platform."""

from __future__ import annotations

from weakref import WeakValueDictionary

from sampan.contracts.kind_sources import KindSource
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import Duty, ServerContext
from sampan.hookspecs import hookimpl
from sampan_crds.kind import CUSTOM_RESOURCE_DEFINITION
from sampan_crds.source import CustomResources
from sampan_crds.strategies import strategies
from sampan_crds.upkeep import Upkeep

#: The source of each server of this process, by its inside view, for the duty; the server holds the source.
_sources: WeakValueDictionary[int, CustomResources] = WeakValueDictionary()


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [CUSTOM_RESOURCE_DEFINITION]


@hookimpl
def contribute_kind_sources(context: ServerContext) -> list[KindSource]:
    found = _sources[id(context.cluster)] = CustomResources(context.cluster, strategies(context.cluster))
    return [found]


@hookimpl
def contribute_duties(context: ServerContext) -> list[Duty]:
    return [Duty("definitions", Upkeep(context.cluster, _sources[id(context.cluster)]).run)]
