"""Where sampan_events meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_events.ratelimit import Limit


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.events``."""

    rate_limits: tuple[Limit, ...] = ()
    """Limits of Events: type (Server, Namespace, User, SourceAndObject), qps, burst, cache_size of each."""


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_events.events import EVENT, FRESH_EVENT

    return [EVENT, FRESH_EVENT]


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_events.ratelimit import EventRateLimit

    limits = context.settings.rate_limits
    return [EventRateLimit(limits)] if limits else []
