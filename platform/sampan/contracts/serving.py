"""What the API server gives to plugin code that answers requests: subresources, routes, virtual kinds.

``Cluster`` is the inside view of the API: reads from the watch cache, writes through the whole request chain
(admission, validation, commit). It is what subresources and admitters use; everything outside the server uses
``sampan_client``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.options import ClusterOptions
from sampan.contracts.resources import Object, Resource


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer. ``body`` as an iterator is streamed (chunked) from a pool thread."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    content_type: str = "application/json"
    headers: Sequence[tuple[str, str]] = ()


class Reader(Protocol):
    """Reads from the watch cache; never blocks on the store. Objects are fresh dicts, free to change."""

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None: ...

    def list(self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "") -> list[Object]:
        """Those that both selectors take, none decoded in vain; raises BadRequest for one that is unreadable."""

    def generation(self, resource: Resource) -> int:
        """A number that changes whenever any object of that resource has changed in the cache; 0 for a resource that is
        not served. A dict look-up: what was compiled from many objects (RBAC) can be checked on every request."""

    def revisions(self, resource: Resource) -> Mapping[tuple[str, str], int]:
        """The revision of every object, by namespace ("" where there is none) and name. Decodes nothing: who keeps what
        it made of many objects finds those that have changed."""


class Cluster(Reader, Protocol):
    """Reads, and writes that pass the whole chain as the given user. Blocking: use only where ``blocking`` is true,
    or return ``Call.change`` instead."""

    def create(self, resource: Resource, obj: Object, namespace: str = "", *, user: User | None = None) -> Object: ...

    def update(
        self, resource: Resource, name: str, namespace: str, change: Callable[[Object], Object | None],
        *, subresource: str = "", user: User | None = None,
    ) -> Object:  # fmt: skip
        """Read, change (return None to leave as is), write; repeated until no other writer came between."""

    def delete(
        self, resource: Resource, name: str, namespace: str = "", *, grace: int | None = None, uid: str = "",
        revision: str = "", propagation: str = "", user: User | None = None,
    ) -> Object:  # fmt: skip
        """``uid`` and ``revision`` (the resourceVersion) are preconditions."""

    def authorize(
        self, user: User, verb: str, resource: Resource, namespace: str = "", name: str = "", subresource: str = ""
    ) -> tuple[bool, str]:
        """Whether that user may, and why."""

    def decide(self, asked: Attributes) -> tuple[Decision, str]:
        """What the whole chain of authorizers says, non-resource paths included (SubjectAccessReview)."""


class Upgrade(Protocol):
    """A connection taken over from HTTP (WebSocket or SPDY): raw bytes both ways, on a pool thread. It blocks until
    ``setblocking`` says otherwise."""

    def recv(self, size: int = 65536) -> bytes: ...

    def send(self, data: bytes | memoryview) -> int: ...

    def sendall(self, data: bytes) -> None: ...

    def setblocking(self, flag: bool) -> None: ...

    def fileno(self) -> int: ...

    def close(self) -> None: ...


class Call(Protocol):
    """One request to a subresource, route or virtual kind."""

    method: str  # GET, POST …
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]  # lower-case names
    user: User
    resource: Resource  # of the parent; empty strings for a route
    namespace: str
    name: str
    subresource: str
    rest: str  # path after the subresource, for proxy
    dry_run: bool
    cluster: Cluster

    def raw_body(self) -> bytes: ...

    def body(self) -> Object:
        """The decoded request body (JSON, YAML or protobuf), {} when there is none."""

    def target(self) -> Object:
        """The object the subresource belongs to; raises NotFound."""

    def change(
        self, change: Callable[[Object], Object | None], answer: Callable[[Object], Object] | None = None
    ) -> Any:
        """What an inline handler returns to rewrite its target through the chain, without blocking.

        ``change`` gets the current object and returns the new one (None: leave); it runs again after a conflict.
        The answer is the written object, or ``answer(written)``.
        """

    def takeover(self, head: bytes) -> Upgrade:
        """Send ``head`` (a complete 101 answer, or b"") and become the raw connection. Only when ``blocking``."""


@dataclass(frozen=True)
class Duty:
    """Something a server does beside answering, for as long as it serves: ``run(stop)`` on a thread of its own.

    ``stop`` is set when the server is about to end; ``run`` returns then, within about a second. It may write through
    ``ServerContext.cluster`` to its end.
    """

    name: str
    run: Callable[[threading.Event], None]


def _served_by_merge(call: Call) -> Any:
    raise NotImplementedError("the server writes the object by the subresource's merge")


@dataclass(frozen=True, kw_only=True)
class Subresource:
    """pods/log, pods/binding, serviceaccounts/token … ``serve`` returns an Answer, an object (200, or 201 for POST),
    or what ``Call.change`` returned. status and scale are not listed here: ``Kind.status`` and ``Kind.scale`` do.
    """

    name: str
    kind: str  # the kind discovery names, e.g. TokenRequest
    group: str = ""  # and its group and version
    version: str = "v1"
    verbs: tuple[str, ...] = ("create",)  # as discovery lists them: create, get, update, patch
    methods: tuple[str, ...] = ()  # HTTP methods when they do not follow from verbs (proxy, exec: all)
    serve: Callable[[Call], Any] = _served_by_merge
    blocking: bool = False  # serve may block: it runs on the pool
    #: A writing subresource whose body is the parent object itself (ephemeralcontainers, resize, approval): merge
    #: takes (current, submitted) and returns the new object; then get/update/patch need no ``serve`` of their own.
    merge: Callable[[Object, Object], Object] | None = None
    #: Fields that an apply to such a one neither sets nor owns, with dots (``spec``, ``status.certificate``): ``merge``
    #: takes none of them. Upstream's reset fields.
    resets: tuple[str, ...] = ()
    counts: bool = True  # its writes count in metadata.generation; not so for pods/binding
    tracks: bool = True  # who writes it owns in managedFields what it changes; not so for pods/binding
    #: RBAC verb where it is not the usual one for the method (exec: create for GET too, as upstream since 1.35).
    verb: str = ""
    #: It opens a connection (exec, proxy …): admission sees every request as CONNECT.
    connects: bool = False
    #: Of such a one: the fields of the options object that admission sees, by name: string, strings, boolean, integers.
    #: They are read from the query; ``path`` is what follows the subresource in the URL.
    options: Mapping[str, str] = field(default_factory=dict)
    #: A POST passes admission before ``serve``: as CREATE, with the body as the object (TokenRequest, Eviction). What
    #: admitters want written with it is committed then; ``Call.body`` is what they have made of the body.
    admits: bool = False


@dataclass(frozen=True, kw_only=True)
class AddedSubresource:
    """A subresource of a kind that is another plugin's, or comes by a CustomResourceDefinition. It is there in every
    version of the kind, while the kind is; one that the kind has itself is left alone, as are status and scale."""

    group: str  # of the kind
    plural: str
    subresource: Subresource


@dataclass(frozen=True, kw_only=True)
class Route:
    """A non-resource path such as /openid/v1/jwks."""

    path: str
    serve: Callable[[Call], Any] = _served_by_merge
    methods: tuple[str, ...] = ("GET",)
    public: bool = False  # served to anonymous
    prefix: bool = False  # also everything below path
    blocking: bool = False


@dataclass(frozen=True, kw_only=True)
class Delegated:
    """One group version under /apis that this server does not serve itself: who does, and what is known of it."""

    group: str
    version: str
    #: Answers every request at and below /apis/<group>/<version>, discovery included, on the pool: it may block, and
    #: take the connection over. The caller is known and is allowed to do it.
    serve: Callable[[Call], Any] = _served_by_merge
    priority: int = 1000  # of the group among the groups, greater first
    version_priority: int = 100  # of the version among those of the group
    #: Its resources as APIResourceDiscovery objects (apidiscovery.k8s.io/v2), None while they are unknown.
    resources: Sequence[Mapping[str, Any]] | None = None
    stale: bool = False  # its server does not answer now
    openapi: str = ""  # hash of its OpenAPI v3 document, which ``serve`` answers below /openapi/v3; "": it has none
    #: Its server's document of OpenAPI v2, asked for on the pool: it may block for some seconds. b"" where the server
    #: has none, None where it does not answer now.
    openapi_v2: Callable[[], bytes | None] | None = None


class Delegation(Protocol):
    """Group versions that come and go while the server runs and are served by another server. A group version that the
    server has kinds of is never delegated."""

    name: str

    def start(self) -> None:
        """Called once, when ``ServerContext.cluster`` can be used; returns at once."""

    def close(self) -> None:
        """The server ends; returns within seconds."""

    def find(self, group: str, version: str) -> Delegated | None:
        """Asked at every request for a group version that has no kinds here: must be fast and never block."""

    def all(self) -> Sequence[Delegated]:
        """For discovery, which asks again when ``generation`` has changed."""

    def generation(self) -> int: ...


class Distribution(NamedTuple):
    """The figures of a histogram for some values of its labels."""

    buckets: Sequence[tuple[float, int]]  # upper bound, the last one infinite; how many were not above it
    total: float  # of all that was observed


@dataclass(frozen=True)
class Metric:
    """A family of figures on /metrics. ``read`` gives (values of the labels, figure) pairs and must be fast; what it
    raises is logged."""

    name: str
    text: str
    labels: tuple[str, ...]
    read: Callable[[], Iterable[tuple[tuple[str, ...], float | Distribution]]]
    counter: bool = False  # it only grows, and "_total" is added to its name; else a gauge
    histogram: bool = False  # its figures are Distributions


class Version(NamedTuple):
    """One revision of an object."""

    revision: int
    at: float  # seconds since the epoch, as far as it is known (to a second or so); else 0
    deleted: bool = False  # the object was removed by it


class Past(Protocol):
    """What the store still has of earlier revisions. Blocking: use only where ``blocking`` is true."""

    def revision_at(self, moment: float) -> int:
        """The revision to read at, for the state at that moment; raises Expired for one that is not kept."""

    def time_of(self, revision: int) -> float:
        """When the revision was there at the latest (seconds since the epoch), 0 where that is not known."""

    def since(self) -> float:
        """The earliest moment that ``revision_at`` answers for."""

    def versions(self, resource: Resource, name: str, namespace: str = "", *, most: int = 100) -> list[Version]:
        """Up to so many revisions of the object, the newest first; those of earlier objects of its name too, unless
        they lived only seconds. Empty where the object is not known to have existed."""


@dataclass(frozen=True)
class ServerContext:
    """What hooks of the API server are given: where things are, and the inside view (usable once serving)."""

    home: str
    settings: Any  # the plugin's own Settings, read from its section
    cluster: Cluster
    issuer: str = "https://kubernetes.default.svc.cluster.local"
    server_url: str = "https://127.0.0.1:6443"
    options: ClusterOptions = field(default_factory=ClusterOptions)
    #: (group, version) of every kind served here, "" for the core; usable once serving. They come and go.
    group_versions: Callable[[], Sequence[tuple[str, str]]] = tuple
    #: The resources of an apiVersion and kind that are served here; usable once serving.
    resources_of: Callable[[str, str], Sequence[Resource]] = lambda api_version, kind: ()
    #: Earlier revisions of objects; usable once serving.
    past: Past | None = None
    #: Show a family of figures on this server's /metrics.
    add_metric: Callable[[Metric], None] = lambda metric: None
