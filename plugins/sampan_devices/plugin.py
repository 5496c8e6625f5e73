"""Where sampan_devices meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_devices.kinds import KINDS

    return list(KINDS)


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_devices.admission import AdminAccess, ClaimStatusWriters, DriverWarning

    return [AdminAccess(), DriverWarning(), ClaimStatusWriters(context.cluster)]
