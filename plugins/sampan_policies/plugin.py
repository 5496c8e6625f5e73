"""Where sampan_policies meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import ClientReconciler
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_policies.kinds import KINDS

    return list(KINDS)


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_policies.access import ParameterAccess
    from sampan_policies.admission import MutatingPolicies, ValidatingPolicies
    from sampan_policies.figures import Figures

    cluster, mutating, validating = context.cluster, Figures("mutating"), Figures("validating")
    for metric in (*mutating.metrics(), *validating.metrics()):
        context.add_metric(metric)
    return [
        MutatingPolicies(cluster, mutating.observe), ValidatingPolicies(cluster, validating.observe),
        ParameterAccess(cluster),
    ]  # fmt: skip


@hookimpl
def contribute_reconcilers() -> list[ClientReconciler]:
    from sampan_policies.status import RECONCILER

    return [RECONCILER]
