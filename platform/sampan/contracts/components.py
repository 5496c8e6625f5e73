"""Components: long-running clients of the API (scheduler, node agent, proxy, add-ons).

One component runs three ways, and must not care which: supervised by `sampan up`; as its own process (`sampan run
NAME`, `sampan addons run NAME --kubeconfig FILE`); as a pod from its chart, on any Kubernetes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions, ManifestOptions

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from sampan.contracts.turns import Turns
    from sampan_client import Client
    from sampan_isolation import Isolation

T = TypeVar("T")


@dataclass(frozen=True)
class Contributed(Generic[T]):
    """What one plugin answers a hook with."""

    plugin: str
    answer: T
    isolation: Isolation | None = None  # calls into a third-party plugin go through it; None for sampan's own


class Hooks(Protocol):
    """The hooks that a component names in ``Component.hooks``, to be asked of all enabled plugins.

    The packages that define such hooks have functions that ask them and return typed answers.
    """

    def ask(self, hook: str, **facts: Any) -> Sequence[Contributed[Any]]:
        """One for each plugin, by name; ``contribute_*`` answers are lists. An argument ``context`` is a
        ReconcilerContext with the asked plugin's settings. A plugin that fails is logged and left out."""

    def first(self, hook: str, **facts: Any) -> Any:
        """The first answer that is not None, or None. Raises what the plugin raises."""


@dataclass(frozen=True)
class Running:
    """What a component's ``run`` is given."""

    client: Client  # with the component's own identity
    settings: Any
    home: str  # a directory of its own, exists; what is kept there survives a restart
    stop: threading.Event  # set when it shall end; run returns within 10 s then, or ``Component.stop_seconds`` more
    options: ClusterOptions
    ready: Callable[[str], None] = print  # say in words that it works now; may be said again
    failing: Callable[[str], None] = print  # say in words what is wrong and the way out, until ready is said again
    #: Where it registers its own figures (names begin with ``sampan_<name>_``), served as /metrics beside /readyz;
    #: None where no client reads them (tests). A new one for each run, so that a restart registers nothing twice.
    metrics: CollectorRegistry | None = None
    hooks: Hooks | None = None  # those of ``Component.hooks``; None where no other plugin can be asked (tests)
    #: Once ``stop`` is set: whether what runs here ends for good, and is not replaced because settings have changed.
    #: May wait for a second, as the signal may come before the supervisor has said why.
    is_final: Callable[[], bool] = lambda: True


@dataclass(frozen=True, kw_only=True)
class Component:
    """One thing to run. It is a client of the API only."""

    name: str  # scheduler, node, proxy, dns …
    run: Callable[[Running], None]  # blocks until running.stop is set; raising restarts it with back-off
    user: str  # its identity, e.g. system:kube-scheduler; {node} is replaced by the node's name
    groups: tuple[str, ...] = ()
    #: Components of the same process share memory: "control" (reconciler, scheduler), "node", or a name of its own.
    process: str = "control"
    hooks: frozenset[str] = frozenset()  # which its ``run`` asks of other plugins
    elected: bool = False  # only one instance works at a time, by a Lease in kube-system
    #: Given its plugin's settings: whether `sampan up` runs it. None: always. A command that runs it alone does not
    #: ask.
    wanted: Callable[[Any], bool] | None = None
    #: The same by the cluster-wide options: whether there is work for it in this cluster, on this machine.
    suits: Callable[[ClusterOptions], bool] | None = None
    #: Given its plugin's settings: seconds that it may take to end beside the usual 10.
    stop_seconds: Callable[[Any], float] | None = None
    #: The same work in turns, by the caller's clock (seconds since the epoch); None: it takes no part in simulations.
    turns: Callable[[Running, Callable[[], float]], Turns] | None = None
    #: Remove whatever it left on this machine (containers, rules, mounts); `sampan down` calls it once all has stopped.
    cleanup: Callable[[str, ClusterOptions], None] | None = None  # (home of the component, cluster-wide options)
    #: Whether it does so after all others: what removes pods still needs their network.
    cleans_up_last: bool = False
    #: Objects it ships, in the order they have to be made, given the cluster-wide options and its own settings: pure.
    #: Applied before it runs with the administrator's identity, merged three ways (as shipped last, as shipped now, as
    #: it is), so that what a user has changed stays; an object that was deleted comes back. `sampan addons diff`
    #: and `reset` speak of these objects. The same for all components of an add-on: no name twice.
    manifests: Callable[[ManifestOptions], list[Object]] | None = None


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """Something outside every home that a cluster has made on this machine: rules, containers, processes, folders."""

    what: str  # in words
    remove: str  # the command that removes it
    home_id: str = ""  # of the home that made it (option ``home_id``), where it is known
    home: str = ""  # a path in that home, where it is known
