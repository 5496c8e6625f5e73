"""Where sampan_devices meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import ClientReconciler, Reconciler, Watching
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import PODS
from sampan_machinery.resources import RESOURCE_CLAIM_TEMPLATES as TEMPLATES
from sampan_machinery.resources import RESOURCE_CLAIMS as CLAIMS
from sampan_machinery.resources import RESOURCE_SLICES as SLICES
from sampan_scheduling.contracts import SchedulingPlugin


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
def contribute_scheduling_plugins() -> list[SchedulingPlugin]:
    from sampan_devices.scheduling.dynamic_resources import DynamicResources
    from sampan_devices.scheduling.ledger import Ledger
    from sampan_devices.scheduling.objects import DeviceObjects

    ledger = Ledger()
    return [DynamicResources(DeviceObjects(ledger), ledger)]
