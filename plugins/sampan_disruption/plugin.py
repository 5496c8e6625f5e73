"""Where sampan_disruption meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import ClientReconciler, Reconciler, Watching
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import POD_DISRUPTION_BUDGETS, PODS


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_disruption.kind import POD_DISRUPTION_BUDGET

    return [POD_DISRUPTION_BUDGET]


@hookimpl
def contribute_admitters() -> list[Admitter]:
    from sampan_disruption.admission import EvictionBudget

    return [EvictionBudget()]


@hookimpl
def contribute_reconcilers() -> list[ClientReconciler | Reconciler]:
    from sampan_disruption.controller import Controller, budgets_of, no_keys
    from sampan_disruption.owners import OWNERS
    from sampan_disruption.stale import decide, marked

    owners = (Watching(resource, no_keys, optional=True) for resource in OWNERS.values())
    return [
        ClientReconciler(
            name="disruption",
            primary=POD_DISRUPTION_BUDGETS,
            watches=(Watching(PODS, budgets_of), *owners),
            reconcile=Controller().reconcile,
        ),
        Reconciler(name="disruption-conditions", primary=PODS, watches=(Watching(PODS, marked),), decide=decide),
    ]
