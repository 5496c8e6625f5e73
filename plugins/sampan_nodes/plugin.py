"""Where sampan_nodes meets the platform."""

from __future__ import annotations

import dataclasses

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Reconciler, ReconcilerContext
from sampan.contracts.serving import ServerContext, Subresource
from sampan.hookspecs import hookimpl


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
    return [*reconcilers(), *ranges]
