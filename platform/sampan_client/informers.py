"""Informers: a local copy of a collection, kept up to date by a watch across reconnects, restarts and compactions.

Uses WatchList (KEP-3157), or LIST and WATCH if the server refuses that. Resumes by resourceVersion with bookmarks. A
relist is compared with the local copy, so that handlers get exactly the changes. Must not know what it is used for.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable

from sampan.contracts.kinds import Object, Resource
from sampan.errors import Expired, Gone, NotFound, StatusError, TooManyRequests
from sampan_client.client import Client, event_of, failure_of
from sampan_client.hub import Follower, start_thread
from sampan_client.transports import Response, Stream

JITTER = random.Random()  # of its own: what a program does with the module's stays reproducible
log = logging.getLogger(__name__)

INITIAL_END = "k8s.io/initial-events-end"
OnChange = Callable[[Object | None, Object | None], None]

_TIMEOUT = 600  # seconds that a watch is requested for, plus a jitter of up to as much: not all end at once
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
_SHORT = 1.0  # a watch that ends sooner counts as a failure
_STOP_TIMEOUT = 5.0  # seconds that stop() waits for a busy handler


class Informer:
    """Objects are shared and have no managedFields: copy them before changing them.

    ``on_change(old, new)``: (None, obj) added, (old, new) modified, (old, None) deleted. It is called on a thread that
    serves all informers of the client, so it must return soon; its exceptions are logged.
    ``on_synced`` is called once on that thread, after ``on_change`` has been called for the first complete state.
    ``metadata_only``: store PartialObjectMetadata instead of whole objects. ``keep`` maps each object to what is stored
    (its metadata must keep name, namespace, uid and resourceVersion).
    """

    def __init__(
        self,
        client: Client,
        resource: Resource,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        on_change: OnChange | None = None,
        on_synced: Callable[[], None] | None = None,
        metadata_only: bool = False,
        keep: Callable[[Object], Object] | None = None,
    ) -> None:
        self.resource = resource
        self.revision = 0  # the newest resourceVersion seen
        #: Before ``start``: a resource that the server does not serve counts as an empty collection until it does.
        self.optional = False
        self._client = client
        self._where = {"namespace": namespace, "labels": labels, "fields": fields}
        self._metadata_only = metadata_only
        self._on_change = on_change
        self._on_synced = on_synced
        self._keep = keep or _lean
        self._lock = threading.Lock()
        self._objects: dict[str, dict[str, Object]] = {}
        self._synced = threading.Event()
        self._stopped = threading.Event()
        self._since = ""
        self._watch_list = True
        self._follower: Follower | None = None
        self._thread: threading.Thread | None = None
        self._stream: Stream | None = None

    def start(self) -> None:
        self._follower = self._follow()
        if self._client.transport.selectable:
            self._client.hub.add(self._follower)
        else:
            self._thread = start_thread(self._drive, f"informer {self.resource.plural}")

    def stop(self) -> None:
        """End the watch. No handler runs when this returns, unless a handler called it."""
        self._stopped.set()
        if self._thread is not None:
            if self._stream is not None:
                self._stream.close()
            if self._thread is not threading.current_thread():
                self._thread.join(_STOP_TIMEOUT)
        elif self._follower is not None:
            self._client.hub.remove(self._follower)

    def wait_synced(self, timeout: float | None = 30) -> bool:
        """Whether the first complete state arrives within ``timeout`` seconds."""
        return self._synced.wait(timeout)

    @property
    def synced(self) -> bool:
        return self._synced.is_set()

    def get(self, name: str, namespace: str = "") -> Object | None:
        found = self._objects.get(namespace)
        return found.get(name) if found else None

    def list(self, namespace: str = "") -> list[Object]:
        """The objects of all namespaces, or of one."""
        with self._lock:
            if namespace:
                return list(self._objects.get(namespace, {}).values())
            return [obj for found in self._objects.values() for obj in found.values()]

    def _drive(self) -> None:
        """Watch on a separate thread, for transports without a selectable descriptor."""
        assert self._follower is not None
        for wanted in self._follower:
            if isinstance(wanted, float):
                self._stopped.wait(wanted)
            else:
                wanted.wait(None)

    def _follow(self) -> Follower:
        pause = _FIRST_PAUSE
        while not self._stopped.is_set():
            begun = self._client.ticks()
            try:
                yield from self._session()
            except (Expired, Gone):
                if self._since:
                    self._since = ""  # list again at once
                    continue
                log.debug("%s: the server has no complete state yet", self.resource.plural)
            except (StatusError, ConnectionError) as error:
                if self.optional and not self.synced and isinstance(error, NotFound):
                    self._replace({}, "")
                away = isinstance(error, ConnectionError) or (isinstance(error, NotFound) and self.synced)
                level = logging.DEBUG if away else logging.WARNING  # kinds go, and may come back
                log.log(level, "watching %s failed and is retried: %s", self.resource.group_resource, error)
            except Exception:
                log.exception("watching %s failed and is retried", self.resource.group_resource)
                self._since = ""
            if self._client.ticks() - begun >= _SHORT:
                pause = _FIRST_PAUSE
            if not self._stopped.is_set():
                yield pause * JITTER.uniform(0.75, 1.25)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _session(self) -> Follower:
        """One watch from start to end. Raises the error that ended it; returns if the server closed it at its
        timeout."""
        if not self._since and not self._watch_list:
            listing = self._client.list(self.resource, metadata_only=self._metadata_only, **self._where)
            self._replace({_key(obj): self._keep(obj) for obj in listing.items}, listing.resource_version)
        initial: dict[tuple[str, str], Object] | None = None if self._since else {}
        stream = self._client.open_watch(
            self.resource,
            since=self._since,
            initial=initial is not None,
            timeout=int(_TIMEOUT * JITTER.uniform(1, 2)),
            metadata_only=self._metadata_only,
            **self._where,
        )
        self._stream = stream
        try:
            while not self._stopped.is_set():
                lines = stream.read(0)
                for line in lines:
                    try:
                        initial = self._take(line, initial)
                    except StatusError as error:
                        self._refused(error, initial is not None)
                if stream.ended:
                    break
                if not lines:
                    yield stream
            if stream.status >= 400 and not self._stopped.is_set():
                self._refused(failure_of(Response(stream.status, {}, stream.body)), initial is not None)
        finally:
            self._stream = None
            stream.close()

    def _refused(self, error: Exception, initial: bool) -> None:
        # 500: sent in the stream by an extension server on an etcd before 3.4.25, which cannot report its progress.
        unable = isinstance(error, StatusError) and 400 <= error.code <= 500
        if initial and unable and not isinstance(error, (Expired, Gone, TooManyRequests)):
            self._watch_list = False  # an older server: LIST reports the real error, if there is one
        raise error

    def _take(self, line: bytes, initial: dict[tuple[str, str], Object] | None) -> dict[tuple[str, str], Object] | None:
        """Apply one event. Returns the initial state collected so far, or None once it is complete."""
        kind, obj = event_of(line)
        metadata = obj.get("metadata") or {}
        if kind == "BOOKMARK":
            if initial is not None and INITIAL_END in (metadata.get("annotations") or {}):
                self._replace(initial, metadata.get("resourceVersion", ""))
                return None
            if initial is None:
                self._saw(metadata.get("resourceVersion", ""))
            return initial
        if initial is not None:
            if kind == "DELETED":
                initial.pop(_key(obj), None)
            else:
                initial[_key(obj)] = self._keep(obj)
            return initial
        self._change(kind, self._keep(obj))
        return None

    def _change(self, kind: str, obj: Object) -> None:
        namespace, name = _key(obj)
        with self._lock:
            if kind == "DELETED":
                old = self._objects.get(namespace, {}).pop(name, None)
                if old is not None and not self._objects[namespace]:
                    del self._objects[namespace]
            else:
                found = self._objects.setdefault(namespace, {})
                old = found.get(name)
                found[name] = obj
        self._saw(obj["metadata"].get("resourceVersion", ""))
        if kind == "DELETED":
            # The event carries the last state. The handler is called only for an object in the local copy.
            if old is not None:
                self._announce(obj, None)
        else:
            self._announce(old, obj)

    def _replace(self, state: dict[tuple[str, str], Object], revision: str) -> None:
        """Replace the local copy and call the handler for each difference."""
        fresh: dict[str, dict[str, Object]] = {}
        for (namespace, name), obj in state.items():
            fresh.setdefault(namespace, {})[name] = obj
        with self._lock:
            known, self._objects = self._objects, fresh
        self._saw(revision)
        for namespace, found in known.items():
            for name, old in found.items():
                new = state.get((namespace, name))
                if new is None:
                    self._announce(old, None)
                elif _uid(new) != _uid(old):
                    self._announce(old, None)
                    self._announce(None, new)
                elif _revision(new) != _revision(old):
                    self._announce(old, new)
        for (namespace, name), obj in state.items():
            if name not in known.get(namespace, {}):
                self._announce(None, obj)
        if not self._synced.is_set():
            self._synced.set()
            if self._on_synced is not None:
                self._on_synced()

    def _saw(self, revision: str) -> None:
        self._since = revision
        if revision.isdigit():
            self.revision = int(revision)

    def _announce(self, old: Object | None, new: Object | None) -> None:
        if self._on_change is None:
            return
        try:
            self._on_change(old, new)
        except Exception:
            log.exception("a handler of %s changes failed", self.resource.group_resource)


def _key(obj: Object) -> tuple[str, str]:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _lean(obj: Object) -> Object:
    """Without managedFields: they are half of a small object, and readers do not need them."""
    obj["metadata"].pop("managedFields", None)
    return obj


def _uid(obj: Object) -> str:
    return str(obj["metadata"].get("uid", ""))


def _revision(obj: Object) -> str:
    return str(obj["metadata"].get("resourceVersion", ""))
