"""Reconcilers: pure decisions over what informers have seen, and the actions a shell performs for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.options import ClusterOptions
from sampan.errors import StatusError

if TYPE_CHECKING:
    from threading import Event

    from sampan.contracts.components import Hooks
    from sampan.contracts.turns import Turns
    from sampan_client import Client


class Key(NamedTuple):
    """What a work queue holds: an object's address."""

    namespace: str
    name: str


class Observed(Protocol):
    """What the informers know at one moment. Objects are shared: never change them, copy first."""

    now: float  # seconds since the epoch

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None: ...

    def list(self, resource: Resource, namespace: str = "") -> Sequence[Object]: ...

    def owned(self, resource: Resource, uid: str) -> Sequence[Object]:
        """Objects of that resource with an ownerReference to this uid."""

    def claimable(self, resource: Resource, uid: str, namespace: str) -> Sequence[Object]:
        """What a controller with this uid owns or may adopt: objects of the namespace with an ownerReference to it, and
        those without a controller."""

    def name_suffix(self, length: int = 5) -> str:
        """Random letters for a generated name (seeded in simulation)."""


@dataclass(frozen=True)
class Create:
    resource: Resource
    object: Object
    event_on: Object | None = None  # emits SuccessfulCreate / FailedCreate on this object, as upstream's controllers do
    #: When the server refuses: performed before the key is retried (a condition that says so in the owner's status).
    on_failure: Callable[[StatusError], Iterable[Action]] | None = None


@dataclass(frozen=True)
class Update:
    """PUT with the object's resourceVersion; a conflict requeues the key quietly."""

    resource: Resource
    object: Object
    subresource: str = ""


@dataclass(frozen=True)
class Patch:
    resource: Resource
    name: str
    namespace: str
    patch: Any
    how: str = "merge"  # merge, json, strategic, apply
    subresource: str = ""


@dataclass(frozen=True)
class Remove:
    resource: Resource
    name: str
    namespace: str = ""
    uid: str = ""  # precondition
    resource_version: str = ""  # precondition
    propagation: str = ""
    grace: int | None = None
    event_on: Object | None = None  # emits SuccessfulDelete / FailedDelete


@dataclass(frozen=True)
class Emit:
    """An Event about an object, aggregated and rate-limited by the recorder."""

    about: Object
    type: str  # Normal, Warning
    reason: str
    message: str


@dataclass(frozen=True)
class Requeue:
    """Look at this key again after so many seconds, whatever happens before."""

    after: float


Action = Create | Update | Patch | Remove | Emit | Requeue


@dataclass(frozen=True)
class Watching:
    """One watch of a reconciler: which keys of the primary kind a changed object concerns.

    ``keys(obj, observed)`` gets the new and, on a modification, also the old object (it is called for both).
    None: the object's own key when it is the primary resource, else that of its controller owner of the primary kind.
    """

    resource: Resource
    keys: Callable[[Object, Observed], Iterable[Key]] | None = None
    #: e.g. "type=kubernetes.io/service-account-token": narrows the informer on the server's side.
    fields: str = ""
    labels: str = ""
    #: The resource may not be served (its plugin is disabled): then it counts as empty, and the reconciler starts
    #: all the same. Without this it waits for the resource.
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Reconciler:
    """Called as decide(key, observed); all its actions are performed in order, stopping at the first failure
    (the key is then retried with back-off). Creations of one kind that follow each other, or deletions, go in batches
    of one, two, four and so on, each at the same time. Raise Retry or GiveUp to say so."""

    name: str
    primary: Resource
    watches: tuple[Watching, ...] = ()  # the primary is watched anyway
    decide: Callable[[Key, Observed], Iterable[Action]]
    workers: int = 2
    resync: float = 0.0  # seconds after which every key is looked at again; 0 = never
    #: After its own writes a key is not decided again until the informer has seen them (upstream's expectations).
    #: That is the shell's doing for Create, Update, Patch and Remove; nothing for a plugin to do.


@dataclass(frozen=True, kw_only=True)
class ClientReconciler:
    """A reconciler that cannot be pure, for what it needs is not known before it asks: deleting whatever a namespace
    holds, of any kind. It may call the API itself (blocking, on a worker thread); the actions it returns are then
    performed as a Reconciler's are, and Retry, GiveUp and every StatusError mean the same. Keep what it decides in
    pure functions beside it. Returned by ``contribute_reconcilers`` among the others."""

    name: str
    primary: Resource
    watches: tuple[Watching, ...] = ()
    reconcile: Callable[[Key, Client, Observed], Iterable[Action]]
    workers: int = 2
    resync: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Work that belongs to no kind (garbage collection looks at all of them): ``run(client, stop)`` is called on a
    thread of its own while this process leads, and returns soon after ``stop`` is set. Raising starts it again with
    back-off. Returned by ``contribute_reconcilers`` among the others."""

    name: str
    run: Callable[[Client, Event], None]
    #: The same work in turns, by the caller's clock (seconds since the epoch); None: it takes no part in simulations.
    turns: Callable[[Client, Callable[[], float]], Turns] | None = None


class Retry(Exception):
    """Try this key again after so many seconds; logged at debug level."""

    def __init__(self, message: str, after: float = 1.0) -> None:
        super().__init__(message)
        self.after = after


class GiveUp(Exception):
    """Do not try this key again until something about it changes; logged once."""


@dataclass(frozen=True)
class ReconcilerContext:
    """What ``contribute_reconcilers`` is given."""

    settings: Any
    home: str
    options: ClusterOptions = field(default_factory=ClusterOptions)
    hooks: Hooks | None = None  # to ask other plugins, by who explains or commands; None where none can be asked
