"""Where sampan_rbac meets the platform."""

from __future__ import annotations

from sampan.contracts.access import Authorizer
from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind, Object
from sampan.contracts.reconciling import Reconciler, Watching
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import CLUSTER_ROLES


@hookimpl
def contribute_kinds(context: ServerContext) -> list[Kind]:
    from sampan_rbac.kinds import STORED
    from sampan_rbac.reviews import review_kinds

    return [*STORED, *review_kinds(context.cluster)]


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    from sampan_rbac.bootstrap_policy import components, user_facing

    return [*user_facing.manifests(), *components.manifests()]


@hookimpl
def contribute_authorizers(context: ServerContext) -> list[Authorizer]:
    from sampan_rbac.authorizer import Rbac

    return [Rbac(context.cluster)]


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_rbac.escalation import Escalation

    return [Escalation(context.cluster)]


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    from sampan_rbac.aggregation import aggregate, gatherers

    watches = (Watching(CLUSTER_ROLES, keys=gatherers),)
    return [Reconciler(name="clusterrole-aggregation", primary=CLUSTER_ROLES, watches=watches, decide=aggregate)]
