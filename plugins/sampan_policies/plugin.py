"""Where sampan_policies meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import ClientReconciler
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_policies.access import ParameterAccess
from sampan_policies.admission import MutatingPolicies, ValidatingPolicies
from sampan_policies.kinds import KINDS
from sampan_policies.status import RECONCILER


@hookimpl
def contribute_kinds() -> list[Kind]:
    return list(KINDS)


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    cluster = context.cluster
    return [MutatingPolicies(cluster), ValidatingPolicies(cluster), ParameterAccess(cluster)]


@hookimpl
def contribute_reconcilers() -> list[ClientReconciler]:
    return [RECONCILER]
