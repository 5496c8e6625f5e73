"""Where sampan_dra meets the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sampan.contracts.reconciling import ReconcilerContext
from sampan.hookspecs import hookimpl
from sampan_dra.settings import Settings, registry

if TYPE_CHECKING:
    from sampan_client import Client
    from sampan_runtime.contracts import ClaimedDevices

__all__ = ["Settings"]  # what the platform reads


@hookimpl
def contribute_claimed_devices(
    context: ReconcilerContext, client: Client, home: str, node: str
) -> list[ClaimedDevices]:  # fmt: skip
    from sampan_dra.drivers import Drivers
    from sampan_dra.prepared import PreparedClaims
    from sampan_dra.preparing import DynamicDevices

    drivers = Drivers(registry(context.settings, Path(home).parent), client, node)
    drivers.start()
    return [DynamicDevices(drivers, client, PreparedClaims(Path(home) / "devices" / "claims.json"))]
