"""Where sampan_nodes meets the platform."""

from __future__ import annotations

import dataclasses

from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Reconciler, ReconcilerContext
from sampan.contracts.serving import ServerContext, Subresource
from sampan.hookspecs import hookimpl
from sampan_nodes.leases import LEASE
from sampan_nodes.lifecycle import reconcilers
from sampan_nodes.nodes import NODE
from sampan_nodes.proxy import METHODS, NodeProxy


@hookimpl
def contribute_kinds(context: ServerContext) -> list[Kind]:
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
def contribute_reconcilers(context: ReconcilerContext) -> list[Reconciler]:
    return reconcilers()
