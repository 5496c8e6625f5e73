"""Which controllers the add-on runs: a line each. Each is made of the ``Context``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sampan_federation.controllers import Context, Controller

#: Members, policies, placement and failover.
PLACING: Sequence[Callable[[Context], Controller]] = ()
#: Works, overrides, status, services.
WORKING: Sequence[Callable[[Context], Controller]] = ()

MAKERS: Sequence[Callable[[Context], Controller]] = (*PLACING, *WORKING)
