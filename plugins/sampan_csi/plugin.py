"""Where sampan_csi meets the platform."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import ReconcilerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds
from sampan_volumes.contracts import VolumeMounter

if TYPE_CHECKING:
    from sampan_client import Client


USER = "sampan:csi"


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.csi``."""

    registry: str = ""
    """Absolute path of the directory in which drivers' registrars put their sockets, as a kubelet's
    `plugins_registry`; empty: `components/csi/plugins_registry` in the home."""

    sidecar_of: tuple[str, ...] = ()
    """Names of drivers for which each node makes, removes, attaches and detaches volumes itself, in place of the
    driver's external-provisioner and external-attacher."""

    def __post_init__(self) -> None:
        bounds.require(self, registry=_absolute, sidecar_of=bounds.each(bounds.subdomain))


def _absolute(text: str) -> str:
    return "" if not text or (text.startswith("/") and ".." not in text.split("/")) else "must be an absolute path"


def registry(settings: Settings, components: Path) -> Path:
    """The same for the node agent and the side-car: ``components`` holds the folders of both."""
    return Path(settings.registry or components / "csi" / "plugins_registry")


def _run(running: Running) -> None:
    from sampan_csi.component import run

    run(running)


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    from sampan_csi.rights import objects

    return objects(USER)


@hookimpl
def contribute_components() -> list[Component]:
    return [Component(name="csi", run=_run, user=USER, process="node")]


@hookimpl
def contribute_volume_mounters(context: ReconcilerContext, client: Client, home: str, node: str) -> list[VolumeMounter]:
    from sampan_csi.drivers import Drivers
    from sampan_csi.mounter import CsiMounter

    drivers = Drivers(registry(context.settings, Path(home).parent), client, node)
    drivers.start()
    return [CsiMounter(drivers, client, Path(home), node)]
