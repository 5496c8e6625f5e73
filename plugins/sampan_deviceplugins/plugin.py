"""Where sampan_deviceplugins meets the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sampan.contracts.reconciling import ReconcilerContext
from sampan.hookspecs import hookimpl
from sampan_deviceplugins.settings import Settings, folder

if TYPE_CHECKING:
    from sampan_client import Client
    from sampan_runtime.contracts import ClaimedDevices

__all__ = ["Settings"]  # what the platform reads


@hookimpl
def contribute_claimed_devices(
    context: ReconcilerContext, client: Client, home: str, node: str
) -> list[ClaimedDevices]:  # fmt: skip
    from sampan_deviceplugins.allocations import Allocations
    from sampan_deviceplugins.pod_devices import PluginDevices
    from sampan_deviceplugins.registered import RegisteredPlugins

    private = Path(home) / "devices"
    allocations = Allocations(private / "allocations.json")
    plugins = RegisteredPlugins(
        folder(context.settings, Path(home)), private, known=allocations.resources, remember=allocations.know
    )  # fmt: skip
    plugins.start()
    return [PluginDevices(plugins, allocations)]
