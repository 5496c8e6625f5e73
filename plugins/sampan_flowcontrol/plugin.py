"""Where sampan_flowcontrol meets the platform."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sampan.contracts.chain import ChainStep
from sampan.contracts.kinds import Kind, Object
from sampan.contracts.reconciling import Reconciler, Watching
from sampan.contracts.serving import Answer, Call, Route, ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds
from sampan_machinery.resources import FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS

if TYPE_CHECKING:
    from sampan_flowcontrol.dispatching import Dispatcher


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.flowcontrol``."""

    enabled: bool = True
    """Whether requests wait for seats at all; the kinds are there in any case."""
    seats: int = 600
    """Requests that one worker process has under way at most, divided among the priority levels."""

    def __post_init__(self) -> None:
        bounds.require(self, seats=bounds.number(10, 100_000))


_dispatchers: WeakKeyDictionary[object, Dispatcher] = WeakKeyDictionary()
_lock = threading.Lock()


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_flowcontrol.kinds import FLOW_SCHEMA, PRIORITY_LEVEL

    return [FLOW_SCHEMA, PRIORITY_LEVEL]


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    from sampan_flowcontrol import bootstrap

    return bootstrap.manifests()


@hookimpl
def contribute_chain_steps(context: ServerContext) -> list[ChainStep]:
    settings = _settings(context)
    if not settings.enabled:
        return []
    from sampan_flowcontrol.figures import figures
    from sampan_flowcontrol.step import FlowControl

    dispatcher = _dispatcher(context)
    for metric in figures(dispatcher):
        context.add_metric(metric)
    return [FlowControl(context.cluster, dispatcher)]


@hookimpl
def contribute_routes(context: ServerContext) -> list[Route]:
    if not _settings(context).enabled:
        return []
    path = "/debug/api_priority_and_fairness/dump_priority_levels"
    return [Route(path=path, serve=lambda call: _dump(call, _dispatcher(context)))]


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    from sampan_flowcontrol import upkeep

    watches = (Watching(PRIORITY_LEVEL_CONFIGURATIONS, upkeep.schemas_of),)
    return [
        Reconciler(name="flow-schemas", primary=FLOW_SCHEMAS, watches=watches, decide=upkeep.decide_schema, workers=1),
        Reconciler(
            name="priority-levels", primary=PRIORITY_LEVEL_CONFIGURATIONS, decide=upkeep.decide_level, workers=1
        ),
    ]


def _dump(call: Call, dispatcher: Dispatcher) -> Answer:
    lines = ["PriorityLevelName, ExecutingSeats, WaitingRequests, NominalSeats, MinimumSeats"]
    lines += [
        f"{each.name}, {each.running}, {each.waiting}, {each.seats.nominal}, {each.seats.least}"
        for each in dispatcher.snapshots()
    ]
    return Answer(body=("\n".join(lines) + "\n").encode(), content_type="text/plain")


def _dispatcher(context: ServerContext) -> Dispatcher:
    """One for each server."""
    from sampan_flowcontrol.dispatching import Dispatcher

    with _lock:
        found = _dispatchers.get(context.cluster)
        if found is None:
            found = _dispatchers[context.cluster] = Dispatcher(_settings(context).seats)
        return found


def _settings(context: ServerContext) -> Settings:
    return context.settings if isinstance(context.settings, Settings) else Settings()
