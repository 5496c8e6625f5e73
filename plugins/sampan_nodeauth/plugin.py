"""Where sampan_nodeauth meets the platform."""

from __future__ import annotations

from sampan.contracts.access import Authorizer
from sampan.contracts.admission import Admitter
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl


@hookimpl
def contribute_authorizers(context: ServerContext) -> list[Authorizer]:
    from sampan_nodeauth.authorizer import NodeAuthorizer

    return [NodeAuthorizer(context.cluster)]


@hookimpl
def contribute_admitters() -> list[Admitter]:
    from sampan_nodeauth.restriction import NodeRestriction

    return [NodeRestriction()]
