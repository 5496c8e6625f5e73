"""The API client of every component outside the API server: typed verbs over plain dicts.

Thread-safe. Errors are ``sampan.errors.StatusError`` subclasses, or ConnectionError if the server cannot be reached.
Must not know kinds, plugins or how requests are transported.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from sampan.contracts.access import User
from sampan.contracts.kinds import Object, Resource
from sampan.errors import BadRequest, Expired, InternalError, from_status
from sampan_client.hub import Hub
from sampan_client.paths import path_of, with_query
from sampan_client.transports import Response, Stream, Transport

log = logging.getLogger(__name__)

_JSON = "application/json"
_METADATA = ";as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"
_PATCHES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",  # JSON is YAML
}
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_TRIES = 4
_LONGEST_WAIT = 10.0  # seconds, even if Retry-After is longer
_PAGE = 500
_STOP_CHECK = 0.5  # seconds between checks of ``stop`` in ``watch``

_encode = msgspec.json.Encoder().encode


class Listing(NamedTuple):
    """All items of a collection, and the revision at which they were read."""

    items: list[Object]
    resource_version: str


class _Event(msgspec.Struct):
    type: str
    object: dict[str, Any]


_decode_event = msgspec.json.Decoder(_Event).decode


class Client:
    """A client of one API server with one identity."""

    def __init__(self, transport: Transport, *, user_agent: str = "sampan", namespace: str = "default") -> None:
        self.transport = transport
        self.namespace = namespace  # of the kubeconfig's context or the pod
        self._agent = user_agent
        self._sleep: Callable[[float], None] = time.sleep
        self.ticks: Callable[[], float] = time.monotonic  # by which informers time their sessions
        self.hub = Hub()  # the thread of this client's informers; runs while there are any

    @classmethod
    def from_kubeconfig(
        cls, path: str, *, context: str = "", user_agent: str = "sampan", server: str = ""
    ) -> Client:  # fmt: skip
        """Raises ConfigError if the file cannot be used; does not connect. ``server`` replaces the file's server."""
        from sampan_client import kubeconfig

        config = kubeconfig.load(path, context=context)
        config.server = server or config.server
        return cls._over_http(config, user_agent)

    @classmethod
    def in_cluster(cls, *, user_agent: str = "sampan") -> Client:
        """A client with the service account of the pod that this process runs in."""
        from sampan_client import kubeconfig

        return cls._over_http(kubeconfig.in_cluster(), user_agent)

    @classmethod
    def in_process(cls, app: Any, user: User) -> Client:
        """A client that calls the WSGI application as ``user``; no sockets, no authentication."""
        from sampan_client.inprocess import InProcessTransport

        return cls(InProcessTransport(app, user))

    @classmethod
    def _over_http(cls, config: Any, user_agent: str) -> Client:
        from sampan_client.http import HttpTransport

        return cls(HttpTransport(config), user_agent=user_agent, namespace=config.namespace)

    def get(self, resource: Resource, name: str, namespace: str = "", *, subresource: str = "") -> Object:
        return _object(self.request("GET", path_of(resource, namespace, name, subresource)))

    def list(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "",
        metadata_only: bool = False,
    ) -> Listing:  # fmt: skip
        """Every object, page by page at one revision; listed again without pages if that revision has been compacted.
        Each item has kind and apiVersion, also if the server does not send them."""
        path = path_of(resource, namespace)
        query: dict[str, object] = {"labelSelector": labels, "fieldSelector": fields, "limit": _PAGE}
        headers = {"Accept": _JSON + _METADATA.format("List") + f",{_JSON}"} if metadata_only else {}
        items: list[Object] = []
        while True:
            try:
                page = _object(self.request("GET", path, query=query, headers=headers))
            except Expired:
                if "continue" not in query:
                    raise
                items, query = [], {"labelSelector": labels, "fieldSelector": fields}
                continue
            items += page.get("items") or ()
            metadata = page.get("metadata") or {}
            if not metadata.get("continue"):
                break
            query["continue"] = metadata["continue"]
        for item in items:
            item.setdefault("kind", resource.kind)
            item.setdefault("apiVersion", resource.api_version)
        return Listing(items, metadata.get("resourceVersion", ""))

    def create(
        self, resource: Resource, obj: Object, namespace: str = "", *, subresource: str = "", name: str = ""
    ) -> Object:
        """POST. A subresource (binding, token, eviction) needs the ``name`` of its object."""
        where = namespace or (obj.get("metadata") or {}).get("namespace", "")
        return _object(self.request("POST", path_of(resource, where, name, subresource), body=obj))

    def update(self, resource: Resource, obj: Object, *, subresource: str = "") -> Object:
        """PUT; namespace and name are taken from the object."""
        metadata = obj["metadata"]
        path = path_of(resource, metadata.get("namespace", ""), metadata["name"], subresource)
        return _object(self.request("PUT", path, body=obj))

    def patch(
        self, resource: Resource, name: str, patch: Any, namespace: str = "", *, how: str = "merge",
        subresource: str = "", field_manager: str = "", force: bool = False,
    ) -> Object:  # fmt: skip
        """``how``: merge, json, strategic, or apply (which needs a field_manager)."""
        query = {"fieldManager": field_manager, "force": force}
        headers = {"Content-Type": _PATCHES[how]}
        path = path_of(resource, namespace, name, subresource)
        return _object(self.request("PATCH", path, query=query, body=patch, headers=headers))

    def delete(
        self, resource: Resource, name: str, namespace: str = "", *, uid: str = "", resource_version: str = "",
        propagation: str = "", grace: int | None = None,
    ) -> Object:  # fmt: skip
        """Returns the deleted object (or the current one during graceful deletion), or a Status. uid and
        resource_version are preconditions: Conflict if they do not hold. propagation: Background, Foreground,
        Orphan."""
        options = _delete_options(uid, resource_version, propagation, grace)
        return _object(self.request("DELETE", path_of(resource, namespace, name), body=options or None))

    def delete_collection(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "", propagation: str = "",
        grace: int | None = None,
    ) -> None:  # fmt: skip
        query = {"labelSelector": labels, "fieldSelector": fields}
        options = _delete_options("", "", propagation, grace)
        self.request("DELETE", path_of(resource, namespace), query=query, body=options or None)

    def watch(
        self, resource: Resource, namespace: str = "", *, since: str = "", labels: str = "", fields: str = "",
        initial: bool = False, timeout: int = 300, stop: threading.Event | None = None,
    ) -> Iterator[tuple[str, Object]]:  # fmt: skip
        """(ADDED, MODIFIED, DELETED or BOOKMARK, object) until ``timeout`` seconds have passed or ``stop`` is set.

        ``initial``: first ADDED for every object, then a BOOKMARK annotated k8s.io/initial-events-end (WatchList).
        Raises Expired if ``since`` is too old, ConnectionError if the connection breaks. Use an Informer for anything
        long-running.
        """
        stream = self.open_watch(
            resource, namespace, since=since, labels=labels, fields=fields, initial=initial, timeout=timeout
        )
        try:
            while not stream.ended and not (stop and stop.is_set()):
                for line in stream.read(_STOP_CHECK if stop else None):
                    yield event_of(line)
            if stream.status >= 400:
                raise failure_of(Response(stream.status, {}, stream.body))
        finally:
            stream.close()

    def open_watch(
        self, resource: Resource, namespace: str = "", *, since: str = "", labels: str = "", fields: str = "",
        initial: bool = False, timeout: int = 300, metadata_only: bool = False,
    ) -> Stream:  # fmt: skip
        """The lines of a watch, for a caller that multiplexes streams; ``event_of`` decodes a line."""
        query: dict[str, object] = {
            "watch": True,
            "allowWatchBookmarks": True,
            "resourceVersion": since,
            "labelSelector": labels,
            "fieldSelector": fields,
            "timeoutSeconds": timeout,
        }
        if initial:
            query.update(sendInitialEvents=True, resourceVersionMatch="NotOlderThan")
        accept = _JSON + _METADATA.format("") + f",{_JSON}" if metadata_only else _JSON
        headers = {"Accept": accept, "User-Agent": self._agent}
        return self.transport.stream(with_query(path_of(resource, namespace), query), headers)

    def open_lines(self, path: str, *, query: Mapping[str, object] | None = None, longest: int = 0) -> Stream:
        """Any GET whose answer is read line by line, for example a followed log; ``longest`` as in Transport."""
        headers = {"Accept": "*/*", "User-Agent": self._agent}
        return self.transport.stream(with_query(path, query), headers, longest=longest)

    def request(
        self, method: str, path: str, *, query: Mapping[str, object] | None = None, body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        """A request to any path. ``body``: bytes are sent unchanged, None sends nothing, anything else is sent as JSON.
        Raises the StatusError of an answer of 400 or more. Repeats the request a few times if the server is busy (429,
        503 with Retry-After) and repeating is safe."""
        given = {"Accept": _JSON, "User-Agent": self._agent}
        data: bytes | None = None
        if body is not None:
            given["Content-Type"] = _JSON
            data = body if isinstance(body, bytes) else _encode(body)
        given.update(headers or {})
        full = with_query(path, query)
        for left in reversed(range(_TRIES)):
            response = self.transport.send(method, full, given, data)
            if response.status < 400:
                return response
            wait = response.headers.get("retry-after", "") if response.status in (429, 503) else ""
            if not left or method not in _REPEATABLE or not wait.isdigit():
                break
            self._sleep(min(float(wait), _LONGEST_WAIT))
        raise failure_of(response)

    def close(self) -> None:
        """Close idle connections. Informers must be stopped by their users."""
        self.transport.close()


def event_of(line: bytes) -> tuple[str, Object]:
    """Decode a line of a watch. Raises the error that an ERROR event carries."""
    try:
        event = _decode_event(line)
    except msgspec.MsgspecError as error:
        raise ConnectionError(f"the watch sent a line that is not an event: {error}") from error
    if event.type == "ERROR":
        raise from_status(int(event.object.get("code") or 500), event.object)
    return event.type, event.object


def failure_of(response: Response) -> Exception:
    """The error for an answer with status >= 400; a body that is not a Status becomes the message."""
    try:
        status = msgspec.json.decode(response.body) if response.body else {}
    except msgspec.MsgspecError:
        status = {"message": response.body[:1000].decode(errors="replace").strip()}
    return from_status(response.status, status if isinstance(status, dict) else {})


def _object(response: Response) -> Object:
    try:
        found = msgspec.json.decode(response.body)
    except msgspec.MsgspecError as error:
        raise InternalError(f"the server's answer is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadRequest("the server's answer is not an object")
    return found


def _delete_options(uid: str, resource_version: str, propagation: str, grace: int | None) -> Object:
    options: Object = {}
    if uid or resource_version:
        given = (("uid", uid), ("resourceVersion", resource_version))
        options["preconditions"] = {key: value for key, value in given if value}
    if propagation:
        options["propagationPolicy"] = propagation
    if grace is not None:
        options["gracePeriodSeconds"] = grace
    return {"kind": "DeleteOptions", "apiVersion": "v1", **options} if options else {}
