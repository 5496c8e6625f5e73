"""Where sampan_devices meets the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import ClientReconciler, Reconciler, ReconcilerContext, Watching
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_devices.settings import Settings, registry
from sampan_machinery.resources import PODS
from sampan_machinery.resources import RESOURCE_CLAIM_TEMPLATES as TEMPLATES
from sampan_machinery.resources import RESOURCE_CLAIMS as CLAIMS
from sampan_machinery.resources import RESOURCE_SLICES as SLICES
from sampan_scheduling.contracts import SchedulingPlugin

if TYPE_CHECKING:
    from sampan_client import Client
    from sampan_runtime.contracts import ClaimedDevices

__all__ = ["Settings"]  # what the platform reads


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_devices.kinds import KINDS

    return list(KINDS)


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_devices.admission import AdminAccess, ClaimStatusWriters, DriverWarning

    return [AdminAccess(), DriverWarning(), ClaimStatusWriters(context.cluster)]


@hookimpl
def contribute_reconcilers() -> list[ClientReconciler | Reconciler]:
    from sampan_devices import claim_controller, taint_eviction

    return [
        ClientReconciler(
            name="resourceclaim-controller",
            primary=CLAIMS,
            watches=(
                Watching(CLAIMS, claim_controller.keys_of_claim),
                Watching(PODS, claim_controller.keys_of_pod),
                Watching(TEMPLATES, claim_controller.keys_of_template),
            ),
            reconcile=claim_controller.reconcile,
        ),
        Reconciler(
            name="device-taint-eviction-controller",
            primary=CLAIMS,
            watches=(Watching(CLAIMS), Watching(SLICES, taint_eviction.keys_of_slice), Watching(PODS, lambda *_: ())),
            decide=taint_eviction.decide,
        ),
    ]


@hookimpl
def contribute_claimed_devices(
    context: ReconcilerContext, client: Client, home: str, node: str
) -> list[ClaimedDevices]:  # fmt: skip
    from sampan_devices.node.drivers import Drivers
    from sampan_devices.node.prepared import PreparedClaims
    from sampan_devices.node.preparing import DynamicDevices

    drivers = Drivers(registry(context.settings, Path(home).parent), client, node)
    drivers.start()
    return [DynamicDevices(drivers, client, PreparedClaims(Path(home) / "devices" / "claims.json"))]


@hookimpl
def contribute_scheduling_plugins() -> list[SchedulingPlugin]:
    from sampan_devices.scheduling.dynamic_resources import DynamicResources
    from sampan_devices.scheduling.ledger import Ledger
    from sampan_devices.scheduling.objects import DeviceObjects

    ledger = Ledger()
    return [DynamicResources(DeviceObjects(ledger), ledger)]
