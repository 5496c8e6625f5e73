"""Where sampan_nodeauth meets the platform."""

from __future__ import annotations

from sampan.contracts.access import Authorizer
from sampan.contracts.admission import Admitter
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_nodeauth.authorizer import NodeAuthorizer
from sampan_nodeauth.restriction import NodeRestriction


@hookimpl
def contribute_authorizers(context: ServerContext) -> list[Authorizer]:
    return [NodeAuthorizer(context.cluster)]


@hookimpl
def contribute_admitters() -> list[Admitter]:
    return [NodeRestriction()]
