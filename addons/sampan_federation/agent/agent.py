"""The agent as a whole: the controllers of one member over informers of the host that see nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sampan.contracts.kinds import Object, Resource
from sampan_client import Client
from sampan_federation.agent.reporting import Keep, Reporting
from sampan_federation.controllers import Context, Controller
from sampan_federation.execution.controller import Execution
from sampan_federation.interpreter.controller import Customizations
from sampan_federation.members.registry import Connect
from sampan_federation.names import execution_namespace
from sampan_federation.resources import CLUSTERS, WORKS


def makers(cluster: str, keep: Keep) -> Sequence[Callable[[Context], Controller]]:
    """Its controllers."""

    def is_own(found: Object) -> bool:
        return bool(found["metadata"]["name"] == cluster)

    return (
        Customizations,
        lambda context: Execution(context, pushes=is_own),
        lambda context: Reporting(context, cluster, keep),
    )


def scopes(cluster: str) -> Mapping[Resource, Mapping[str, str]]:
    """What it reads of the host."""
    return {WORKS: {"namespace": execution_namespace(cluster)}, CLUSTERS: {"fields": f"metadata.name={cluster}"}}


def connecting(make: Callable[[], Client]) -> Connect:
    """The one member that it knows is the cluster that it runs in."""
    return lambda cluster: make()
