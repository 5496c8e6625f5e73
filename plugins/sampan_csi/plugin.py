"""Where sampan_csi meets the platform."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sampan.contracts.reconciling import ReconcilerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds
from sampan_volumes.contracts import VolumeMounter

if TYPE_CHECKING:
    from sampan_client import Client


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.csi``."""

    registry: str = ""
    """Absolute path of the directory in which drivers' registrars put their sockets, as a kubelet's
    `plugins_registry`; empty: `components/node/plugins_registry` in the home."""

    def __post_init__(self) -> None:
        bounds.require(self, registry=_absolute)


def _absolute(text: str) -> str:
    return "" if not text or (text.startswith("/") and ".." not in text.split("/")) else "must be an absolute path"


@hookimpl
def contribute_volume_mounters(context: ReconcilerContext, client: Client, home: str, node: str) -> list[VolumeMounter]:
    from sampan_csi.drivers import Drivers
    from sampan_csi.mounter import CsiMounter

    folder = Path(context.settings.registry or Path(home) / "plugins_registry")
    drivers = Drivers(folder, client, node)
    drivers.start()
    return [CsiMounter(drivers, client, Path(home), node)]
