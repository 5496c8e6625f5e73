"""Where sampan_nodes meets the platform."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Reconciler, ReconcilerContext
from sampan.contracts.serving import ServerContext, Subresource
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.nodes``."""

    grace: float = 50.0
    """Seconds without a heartbeat after which a node counts as lost; nodes send one every 10 seconds."""

    def __post_init__(self) -> None:
        bounds.require(self, grace=bounds.number(1, 86400))


@hookimpl
def contribute_kinds(context: ServerContext) -> list[Kind]:
    from sampan_nodes.leases import LEASE
    from sampan_nodes.nodes import NODE
    from sampan_nodes.proxy import METHODS, NodeProxy

    serve = NodeProxy(context.options.pki)
    proxy = Subresource(
        name="proxy",
        kind="NodeProxyOptions",
        methods=METHODS,
        verbs=(),
        serve=serve,
        blocking=True,
        connects=True,
        options={"path": "string"},
    )
    return [dataclasses.replace(NODE, subresources=(proxy,)), LEASE]


@hookimpl
def contribute_admitters() -> list[Admitter]:
    from sampan_nodes.taints import TaintNodesByCondition

    return [TaintNodesByCondition()]


@hookimpl
def contribute_reconcilers(context: ReconcilerContext) -> list[Reconciler]:
    from sampan_nodes import podcidrs
    from sampan_nodes.lifecycle import reconcilers

    options = context.options
    ranges = [podcidrs.reconciler(options.pod_cidr, options.node_cidr_mask)] if options.pod_cidr else []
    grace = context.settings.grace if isinstance(context.settings, Settings) else Settings().grace
    return [*reconcilers(grace), *ranges]
