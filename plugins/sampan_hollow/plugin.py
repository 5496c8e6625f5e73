"""Where sampan_hollow meets the platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sampan.contracts.commands import Command
from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Object
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds

if TYPE_CHECKING:
    from sampan.contracts.turns import Turns

USER = "system:hollow-nodes"


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.hollow``."""

    nodes: int = 0
    """How many hollow nodes to register; with 0 `sampan up` runs none. Those of an earlier start that are more are
    removed."""
    name: str = "hollow"
    """The nodes are called hollow-1, hollow-2 and so on."""
    cpu: str = "32"
    """CPU of each node."""
    memory: str = "256Gi"
    """Memory of each node."""
    storage: str = "1Ti"
    """Ephemeral storage of each node."""
    max_pods: int = 110
    """Most pods of each node."""
    resources: Mapping[str, str] = field(default_factory=dict)
    """Further resources of each node, by name."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Further labels of each node."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Further annotations of each node."""
    taints: tuple[str, ...] = ()
    """Taints of each node, as kubectl taint takes them: key=value:Effect."""
    zones: tuple[str, ...] = ()
    """Zones that the nodes are spread over by turns; empty: nodes have no zone."""
    stages: tuple[str, ...] = ()
    """Files with Stage objects (KWOK's, YAML) that replace the stages of nodes and pods; empty: sampan's own."""
    stages_of_cluster: bool = True
    """Whether Stage objects in the cluster, where their CRD exists, replace those of files, kind by kind."""
    pod_cidr: str = "10.80.0.0/12"
    """Addresses of the pods of hollow nodes; nothing answers there."""
    provisioners: tuple[str, ...] = ("sampan.dev/local-path", "rancher.io/local-path")
    """Provisioners that run on each node: their claims get volumes without storage on hollow nodes."""
    lease_seconds: int = 40
    """How long a node's Lease lasts."""
    renew_every: float = 30.0
    """Seconds between two renewals of a node's Lease."""
    seed: int = 0
    """Seed of the random source for delays and weights; 0: another one at each start."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            nodes=bounds.number(0, 100_000),
            name=bounds.subdomain,
            cpu=_quantity,
            memory=_quantity,
            storage=_quantity,
            max_pods=bounds.number(1),
            taints=bounds.each(
                bounds.matching(r"[^\s=:]+(=[^\s=:]*)?:(NoSchedule|PreferNoSchedule|NoExecute)", "a=b:NoSchedule")
            ),
            zones=bounds.each(bounds.subdomain),
            stages=bounds.each(bounds.not_empty),
            pod_cidr=_network,
            provisioners=bounds.each(bounds.not_empty),
            lease_seconds=bounds.number(1),
            renew_every=bounds.number(0.1),
        )
        if self.renew_every >= self.lease_seconds:
            raise ValueError(
                f"renew_every must be less than lease_seconds, {self.lease_seconds}, not {self.renew_every}"
            )


def _quantity(value: str) -> str:
    from sampan_machinery.quantities import is_quantity

    return "" if is_quantity(value) else f"must be a quantity, not {value!r}"


def _network(value: str) -> str:
    import ipaddress

    try:
        found = ipaddress.ip_network(value)
    except ValueError as error:
        return f"must be a network: {error}"
    return "" if found.num_addresses >= 4 else "must have at least four addresses"


def _run(running: Running) -> None:
    from sampan_hollow.component import run

    run(running)


def _turns(running: Running, clock: Callable[[], float]) -> Turns:
    from sampan_hollow.component import turns

    return turns(running, clock)


@hookimpl
def contribute_components() -> list[Component]:
    return [
        Component(
            name="hollow", run=_run, user=USER, process="hollow", elected=True, turns=_turns,
            wanted=lambda settings: settings.nodes > 0,
        )
    ]  # fmt: skip


@hookimpl
def contribute_bootstrap_objects(context: ServerContext) -> list[Object]:
    from sampan_hollow.policy import bootstrap_objects

    made = bootstrap_objects(USER)
    return [each for each in made if context.resources_of(each["apiVersion"], each["kind"])]  # a server without RBAC


@hookimpl
def contribute_commands() -> list[Command]:
    text = "Run hollow nodes alone, as a client of an API server; of several, one leads and the others stand by."
    return [Command(name="hollow", help=text, runs=lambda component: component.name == "hollow")]
