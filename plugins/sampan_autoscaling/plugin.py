"""Where sampan_autoscaling meets the platform."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import ClientReconciler, ReconcilerContext, Watching
from sampan.hookspecs import hookimpl
from sampan_autoscaling.settings import Settings
from sampan_machinery.resources import HORIZONTAL_POD_AUTOSCALERS as AUTOSCALERS
from sampan_machinery.resources import PODS

__all__ = ["Settings"]


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_autoscaling.kind import AUTOSCALER, AUTOSCALER_V1

    return [AUTOSCALER, AUTOSCALER_V1]


@hookimpl
def contribute_reconcilers(context: ReconcilerContext) -> list[ClientReconciler]:
    from sampan_autoscaling.controller import Controller

    controller = Controller(context.settings or Settings())
    # Pods are looked up when an autoscaler is due; none of their changes makes it due.
    watches = (Watching(PODS, keys=lambda pod, observed: ()),)
    return [
        ClientReconciler(
            name="horizontal-pod-autoscaler", primary=AUTOSCALERS, watches=watches, reconcile=controller.reconcile
        )
    ]
