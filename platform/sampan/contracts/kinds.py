"""What a plugin says about a kind of object: the whole of its API behaviour that is not in the schema.

The schema (fields, types, list keys) of Kubernetes' own kinds comes from ``sampan_machinery.schema``, that of any
other kind from ``Kind.schema``; everything else is on ``Kind``.
Objects are plain dicts in JSON shape; functions on a Kind are pure and change the dict they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from sampan.contracts.access import ANONYMOUS, User
from sampan.contracts.resources import Object, Resource
from sampan.contracts.serving import Subresource

__all__ = ("ALL_VERBS", "Column", "Deletion", "Draft", "Kind", "Object", "Problem", "Resource", "Scale")


class Problem(NamedTuple):
    """One thing wrong with an object. Source: apimachinery's field errors.

    ``reason`` is one of FieldValueInvalid, FieldValueRequired, FieldValueDuplicate, FieldValueNotSupported,
    FieldValueForbidden, FieldValueTooLong, FieldValueTooMany, FieldValueNotFound, FieldValueTypeInvalid, InternalError.
    Build it with the functions of ``sampan_machinery.problems``, which word the message as kubectl users know it.
    """

    path: str  # spec.containers[0].name
    reason: str
    message: str  # 'Invalid value: "x": must be …', without the path


@dataclass(frozen=True)
class Column:
    """One printed column of ``kubectl get``."""

    name: str
    cell: Callable[[Object], Any]
    #: string, integer, number, boolean; date (declared as a string, shown as an age), timestamp (declared as a date,
    #: shown as it is), since (declared as a date, shown as an age: columns of custom resources)
    type: str = "string"
    format: str = ""  # name for the name column
    priority: int = 0  # 0 always shown, 1 only with -o wide
    description: str = ""


@dataclass(frozen=True)
class Scale:
    """Where a kind keeps what autoscaling/v1 Scale shows. ``selector`` gives the text form of the selector."""

    replicas: tuple[str, ...] = ("spec", "replicas")
    status_replicas: tuple[str, ...] = ("status", "replicas")
    selector: Callable[[Object], str] = lambda obj: ""


class Draft(NamedTuple):
    """What ``Kind.prepare`` is given: an object about to be created (old is None) or updated."""

    object: Object
    old: Object | None
    subresource: str  # "", "status", or another that writes the object
    user: str
    caller: User = ANONYMOUS  # the same user with its groups, uid and extra


class Deletion(NamedTuple):
    """What ``Kind.grace`` is asked: seconds of graceful deletion, 0 = remove now."""

    object: Object
    requested: int | None  # gracePeriodSeconds of the request


def _nothing(obj: Object) -> None:
    return None


def _as_is(draft: Draft) -> None:
    return None


def _free(obj: Object) -> bool:
    return False


def _fine(obj: Object, old: Object | None) -> Iterable[Problem]:
    return ()


def _quiet(obj: Object, old: Object | None) -> Iterable[str]:
    return ()


ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind in one version. Order of calls on a write: prepare, default, (mutating admission, default), validate.
    ``prepare`` is called again where a webhook or a policy has changed the object, so it accepts its own work.

    Status separation is the server's: where ``status`` is true a write to the main resource keeps the old status
    (create: drops it unless ``status_on_create``), a write to /status keeps the old spec. metadata.generation is the
    server's as well: 1 at creation, +1 when anything outside metadata and status changes (``generation``).

    On a create ``default`` runs before ``prepare`` as well: the creator owns what was sent and the defaults, in
    managedFields. After validation a kind of Kubernetes' own gets the fields that its Go type always has (``resources:
    {}``, ``rules: null``); its functions do not meet such nulls at the top level, readers of stored objects do.
    """

    group: str
    version: str
    kind: str
    plural: str
    singular: str = ""  # empty: kind in lower case
    list_kind: str = ""  # empty: the kind and "List"
    #: Fields of a kind that is not Kubernetes' own: an OpenAPI v3 structural schema of the object, as in a CRD
    #: (``{"type": "object", "properties": {"spec": …}}``; apiVersion, kind and metadata may be left out).
    schema: Mapping[str, Any] | None = None
    #: Declared rules for the fields of a kind of Kubernetes' own, as a structural schema that says only what the types
    #: do not: ``{"properties": {"spec": {"required": ["a"], "properties": {"a": {"minimum": 1}}}}}``. The words are
    #: those of OpenAPI and ours (docs/writing-a-plugin.md, "Declared rules"); ``validate`` runs as well.
    rules: Mapping[str, Any] | None = None
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True
    verbs: tuple[str, ...] = ALL_VERBS
    columns: tuple[Column, ...] = ()  # empty: Name and Age
    status: bool = False
    #: Whether a write to /status may change labels, annotations and finalizers too, and own them.
    status_metadata: bool = True
    status_labels: bool = True  # the same of the labels alone
    status_on_create: bool = False  # Node, Namespace …: keep the status a creator sends
    generation: bool = False
    scale: Scale | None = None
    subresources: tuple[Subresource, ...] = ()
    #: Selectable fields besides metadata.name and metadata.namespace, each a function to text.
    fields: Mapping[str, Callable[[Object], str]] = field(default_factory=dict)
    default: Callable[[Object], None] = _nothing
    #: Whether ``default`` sets fields of the status. Where it does not, a write to /status is not defaulted: the rest
    #: of the object is the stored one.
    status_defaults: bool = True
    prepare: Callable[[Draft], None] = _as_is
    #: Asked with objects as they are stored. A version that is not stored may have its own: it is asked in place of the
    #: stored kind's for what is written in that version.
    validate: Callable[[Object, Object | None], Iterable[Problem]] = _fine
    #: Advice for who writes it, sent as Warning headers: given the valid object and the old one (None: a create), as
    #: ``validate`` is. It is asked of every write but a delete, so it is cheap where there is nothing to say.
    warn: Callable[[Object, Object | None], Iterable[str]] = _quiet
    #: Top-level fields besides status that clients cannot set once the object is there, and that have no manager in
    #: managedFields (upstream's reset fields): a CertificateSigningRequest's spec.
    unmanaged: tuple[str, ...] = ()
    #: Whether many objects have an equal spec, as those made from a template have: then managedFields of a new one are
    #: computed once for equal specs.
    templated: bool = False
    #: Whether an object may hold expressions, which are compiled when it is checked: a short object may take long then,
    #: and its writes leave the server's event loop.
    has_expressions: bool = False
    #: Which metadata.name is allowed: "subdomain" (RFC 1123), "label", "path" (RBAC names: anything but / and %),
    #: "address" (an IP address)
    name_rule: str = "subdomain"
    #: Whether a finalizer needs neither a domain nor a standard name: of some kinds upstream checks the form alone.
    any_finalizer: bool = False
    #: Finalizers and deletion: grace asks for seconds, None means the kind knows no graceful deletion.
    grace: Callable[[Deletion], int] | None = None
    #: Whether DELETE answers with the object even where it is gone at once, instead of a Status.
    shown_deleted: bool = False
    #: "Background" or "Orphan": what DELETE does when the client names no propagationPolicy. "": whatever it names,
    #: nothing is done about dependents (Events).
    propagation: str = "Background"
    #: Whether the object keeps finalizers outside metadata (Namespace's spec.finalizers): while true, and while
    #: metadata.finalizers is not empty, a deleted object stays with its deletionTimestamp; every write asks again.
    held: Callable[[Object], bool] = _free
    #: Changes the object at the moment its deletionTimestamp is set (a Namespace's phase becomes Terminating).
    terminate: Callable[[Object], None] = _nothing
    #: What becomes of an object that exists when a plugin contributes one of the same name at start: given (current,
    #: contributed), returns the object to write or None to leave it; it runs again after a conflict. None: left alone.
    restore: Callable[[Object, Object], Object | None] | None = None
    #: PUT to a name that does not exist creates it (Leases, Endpoints … as upstream's AllowCreateOnUpdate).
    create_on_update: bool = False
    #: PUT without resourceVersion is accepted (upstream's AllowUnconditionalUpdate).
    unconditional_update: bool = True
    #: Seconds an object lives after its last write; Events only. 0 = for ever.
    ttl: int = 0
    #: A warning that every request to the kind is answered with, as upstream's of what is deprecated.
    deprecated: str = ""
    #: Secrets and such: values are never logged nor audited in full, and are encrypted at rest when that is on.
    sensitive: bool = False
    #: Where this is not the stored version: plural of the same group's stored kind, and the two conversions.
    stored_as: tuple[str, str] | None = None  # (group, version) of the stored sibling with the same plural
    to_stored: Callable[[Object], Object] | None = None
    #: Given the object as it was stored. Of a KindSource that may be in any version that was stored formerly, which its
    #: apiVersion says; the stored kind then has a ``from_stored`` as well, for objects written before it was stored.
    #: None: only apiVersion and kind are changed.
    from_stored: Callable[[Object], Object] | None = None
    #: The same for many objects by one call, in their order: a list of 500 is then one question to a webhook.
    from_stored_many: Callable[[Sequence[Object]], Sequence[Object]] | None = None
    #: The conversions may wait for something (a webhook). Every request for the kind but a watch runs on the pool then,
    #: after the request chain, and a thread of the version converts for its watches; the event loop never waits. Code
    #: that reads by ``ServerContext.cluster`` waits itself: on the loop it asks for the stored version.
    conversions_block: bool = False
    #: Not offered to clients in this version: it only is what siblings are stored as.
    hidden: bool = False
    #: A kind that is only created and answered, never stored (TokenReview, SubjectAccessReview …).
    answer: Callable[[Any], Object] | None = None  # given a contracts.serving.Call, returns the answer object
    #: ``answer`` may block (it writes through ``Call.cluster``): it runs on the pool.
    answer_blocks: bool = False
    #: A kind whose objects are made when they are read, never stored: given the contracts.serving.Cluster, returns all
    #: of them. ``verbs`` can be get and list only. Called where the request stands: it must not block.
    computed: Callable[[Any], Sequence[Object]] | None = None

    @cached_property
    def resource(self) -> Resource:
        return Resource(self.group, self.version, self.plural, self.kind, self.namespaced)

    @cached_property
    def api_version(self) -> str:
        return self.resource.api_version
