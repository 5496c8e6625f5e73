"""Where sampan_csi meets the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Reconciler, ReconcilerContext, Watching
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_csi.settings import Settings, registry
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES
from sampan_volumes.contracts import VolumeMounter

if TYPE_CHECKING:
    from sampan_client import Client


__all__ = ["Settings"]  # what the platform reads
USER = "sampan:csi"


def _run(running: Running) -> None:
    from sampan_csi.component import run

    run(running)


@hookimpl
def contribute_bootstrap_objects(context: ServerContext) -> list[Object]:
    from sampan_csi.rights import objects

    if not context.settings.snapshots:
        return objects(USER)
    from sampan_csi.snapshots.definitions import definitions

    return [*definitions(), *objects(USER, snapshots=True)]


@hookimpl
def contribute_reconcilers(context: ReconcilerContext) -> list[Reconciler]:
    if not context.settings.snapshots:
        return []
    from sampan_csi.snapshots import controller
    from sampan_csi.snapshots.naming import CLASSES, CONTENTS, SNAPSHOTS

    return [
        Reconciler(
            name="snapshot-controller",
            primary=SNAPSHOTS,
            watches=(
                Watching(CONTENTS, controller.keys_of_content),
                Watching(CLASSES, controller.keys_of_class),
                Watching(PERSISTENT_VOLUME_CLAIMS, controller.keys_of_claim),
                Watching(PERSISTENT_VOLUMES, controller.keys_of_volume),
            ),
            decide=controller.decide,
        )
    ]


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
