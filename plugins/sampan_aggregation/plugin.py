"""Where sampan_aggregation meets the platform."""

from __future__ import annotations

from pathlib import Path

from sampan.contracts.kinds import Kind, Object
from sampan.contracts.serving import Delegation, ServerContext
from sampan.hookspecs import hookimpl


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_aggregation.kind import API_SERVICE

    return [API_SERVICE]


@hookimpl
def contribute_bootstrap_objects(context: ServerContext) -> list[Object]:
    from sampan_aggregation import local

    return list(local.wanted(context.group_versions()).values())


@hookimpl
def contribute_delegations(context: ServerContext) -> list[Delegation]:
    from sampan_aggregation.connecting import Dialler
    from sampan_aggregation.definitions import NoDefinitions
    from sampan_aggregation.delegation import Aggregation

    pki = Path(context.options.pki or Path(context.home) / "pki")
    return [Aggregation(context.cluster, Dialler(pki), context.group_versions), NoDefinitions()]
