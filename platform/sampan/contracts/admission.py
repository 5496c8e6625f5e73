"""Admission: plugins that change or refuse a write before it is stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sampan.contracts.access import User
from sampan.contracts.kinds import Kind, Object, Resource
from sampan.contracts.serving import Reader
from sampan.errors import Cause, Forbidden


class Versions(Protocol):
    """The versions of kinds that are served, and objects in another version than the stored one. May wait for a
    conversion webhook: only for admitters with ``blocking``."""

    def resources(self, kind: Kind) -> Sequence[Resource]:
        """The kind in all versions that clients see, also those of another group with the same stored objects."""

    def shown(self, obj: Object, resource: Resource) -> Object:
        """An object under review as one of that version. May be the very same object."""

    def kept(self, obj: Object, resource: Resource, kind: Kind | None = None) -> Object:
        """An object of that version as a new object of the version ``kind``, that of the review (None: the stored one):
        decoded as a request's body is, so without unknown fields, and with defaults. Raises BadRequest for a field of
        the wrong type."""

    def named(self, api_version: str, kind: str) -> Resource | None:
        """The resource of a kind as objects name it; None for one that is not served."""

    def merged(self, obj: Object, config: Object, resource: Resource) -> Object:
        """A new object of that version with the fields of an apply configuration, which no manager gets. Raises
        BadRequest for fields without a type, and for what apply treats as one value."""


@dataclass
class Review:
    """One write under review. Mutating admitters change ``object`` in place."""

    operation: str  # CREATE, UPDATE, DELETE, CONNECT
    kind: Kind
    subresource: str
    namespace: str
    name: str
    object: Object | None  # the new object, the options of a CONNECT; None for DELETE
    old: Object | None  # the stored object; None for CREATE
    user: User
    dry_run: bool
    reader: Reader
    warnings: list[str] = field(default_factory=list)  # sent as Warning headers (299)
    #: Told to the chain steps with the request's outcome; an audit log records them. Keys are qualified names such as
    #: ``pod-security.sampan.dev/exempt``; the last value of a key counts.
    audit_annotations: dict[str, str] = field(default_factory=dict)
    #: Written or removed in the same commit, atomically; a taken name makes the whole write start again with a new
    #: review. This is how a Service claims its ClusterIP. Objects are complete but for server-set metadata.
    also_create: list[Object] = field(default_factory=list)
    #: ((group, plural), namespace, name) each
    also_delete: list[tuple[Kind | tuple[str, str], str, str]] = field(default_factory=list)
    #: Objects as ``stored`` returned them, changed in place. Each is written only while it is still at the
    #: ``metadata.resourceVersion`` it was read at; another writer in between makes the whole write start again with a
    #: new review. Dropped where the request stores nothing (dry-run, CONNECT).
    also_update: list[Object] = field(default_factory=list)
    requested: Resource | None = None  # the kind in the version of the request; None: as it is stored
    versions: Versions | None = None
    timeout: float = 0.0  # seconds that the client allows for the request; 0: it says nothing
    #: Makes CreateOptions, UpdateOptions or DeleteOptions of the request.
    make_options: Callable[[str], Object] | None = None
    #: The second round of mutating admitters, after one with ``reinvokes`` has changed the object.
    reinvoked: bool = False
    #: What an admitter keeps for its second round, and for further attempts of the same request, by its name.
    state: dict[str, Any] = field(default_factory=dict)
    #: The server's clock, in seconds since the epoch; what a rule notes about a time is by this one.
    clock: Callable[[], float] = time.time

    @property
    def options(self) -> Object:
        """The options of the request as an object; {} for CONNECT."""
        if self.operation == "CONNECT":
            return {}
        kind = f"{self.operation.capitalize()}Options"
        if self.make_options is not None:
            return self.make_options(kind)
        dry = {"dryRun": ["All"]} if self.dry_run else {}
        return {"kind": kind, "apiVersion": "meta.k8s.io/v1", **dry}

    @property
    def ref(self) -> str:
        """``pods/default/web``, for messages."""
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind.resource.group_resource}/{where}{self.name}"

    def stored(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        """The object as this write would leave it: that of ``also_update`` where an earlier admitter has put one
        there, else what is stored. So two rules may change one object."""
        for obj in self.also_update:
            meta = obj["metadata"]
            address = (str(obj["apiVersion"]).rpartition("/")[0], obj["kind"], meta["name"], meta.get("namespace", ""))
            if address == (resource.group, resource.kind, name, namespace):
                return obj
        return self.reader.get(resource, name, namespace)

    def forbidden(self, why: str, *, causes: tuple[Cause, ...] = ()) -> Forbidden:
        """The refusal in upstream's words, to be raised."""
        resource = self.kind.resource
        return Forbidden(
            f'{resource.group_resource} "{self.name}" is forbidden: {why}',
            group=resource.group,
            kind=resource.plural,
            name=self.name,
            causes=causes,
        )


class Admitter(Protocol):
    """One rule. Runs in the order of the setting ``admission`` (by default: the order of ``priority``, then name).

    All mutating admitters run first, then the kind's defaults and its validation, then the others. What an admitter
    declares is compiled into a table at boot, and again when kinds come or go: one that has no say in a write costs
    nothing.
    """

    name: str
    operations: frozenset[str]  # CREATE, UPDATE, DELETE, CONNECT, or "*" for all
    mutates: bool  # mutating ones run first, then defaults again, then the others after validation
    priority: int  # 500 is usual; lower runs earlier
    # May also have; each of the first two narrows, and without it there is no limit:
    #   resources: frozenset[str]      pods, deployments.apps …; "*.apps" is a whole group, "*" everything
    #   subresources: frozenset[str]   "" is the object itself; status, scale, eviction …; "*" everything
    #   may_be_absent = True           a resource that nothing serves at boot is no error: its kind may come later
    #   blocking = True                it waits for something (a webhook): it runs on a thread of the server's pool, in
    #                                  its place in the order, while the write is parked
    #   reinvocation = True            a mutating one is asked once more where a later one has changed the object
    #   reinvokes = True               what it makes of the object comes from outside, such as a webhook's patch: the
    #                                  object is restricted to what a client may write, and there is a second round
    #   second_round = True            it is asked in that round, so it must accept its own work
    #   watches: Sequence[Resource]    its rules are objects of these kinds: when one changes, ``concerns`` is asked
    #   def concerns(self, resources: Sequence[Resource], subresource: str, operation: str) -> bool
    #                                  whether its rules name such writes; ``resources`` is the kind in all versions.
    #                                  Asked when the table is filled, on the server's loop: must not block
    # A third-party admitter runs on a thread of its own with a deadline (settings ``deadlines``). One that never waits
    # for anything may ask to be called where the request stands, which is faster:
    #   inline = True
    # The same word counts for authenticators and authorizers.

    def admit(self, review: Review) -> None:
        """Raise a StatusError (usually ``review.forbidden(why)``) to refuse."""
