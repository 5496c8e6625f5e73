"""Informers: a local copy of a collection that follows its watch through reconnects, restarts and compactions.

WatchList first (KEP-3157), LIST and WATCH where the server refuses that; resumed by resourceVersion with bookmarks; a
relist is compared with what was known, so that handlers see exactly what changed. Must not know what it is used for.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from sampan.contracts.kinds import Object, Resource
from sampan.errors import Expired, Gone, NotFound, StatusError, TooManyRequests
from sampan_client.client import Client, event_of, failure_of
from sampan_client.hub import Follower, start_thread
from sampan_client.transports import Response, Stream

log = logging.getLogger(__name__)

INITIAL_END = "k8s.io/initial-events-end"
OnChange = Callable[[Object | None, Object | None], None]

_TIMEOUT = 600  # seconds a watch is asked to last, up to twice that: not all end at once
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
_SHORT = 1.0  # a watch that ends sooner counts as a failure
_PATIENCE = 5.0  # seconds that stop() waits for a busy handler


class Informer:
    """Objects are shared and without managedFields: do not change them, copy first.

    ``on_change(old, new)``: (None, obj) added, (old, new) modified, (old, None) deleted. It is called on a thread that
    serves other informers of the same client too, so it must not take long; what it raises is logged.
    ``on_synced`` is called there once, after the first complete state has been announced.
    ``metadata_only``: hold PartialObjectMetadata instead of whole objects. ``keep`` makes of each object
    what is to be held (its metadata must keep name, namespace, uid and resourceVersion).
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
        """End the watch; no handler runs any more when this returns, unless it is called by a handler."""
        self._stopped.set()
        if self._thread is not None:
            if self._stream is not None:
                self._stream.close()
            if self._thread is not threading.current_thread():
                self._thread.join(_PATIENCE)
        elif self._follower is not None:
            self._client.hub.remove(self._follower)

    def wait_synced(self, timeout: float | None = 30) -> bool:
        """Whether the first complete state has come within so many seconds."""
        return self._synced.wait(timeout)

    @property
    def synced(self) -> bool:
        return self._synced.is_set()

    def get(self, name: str, namespace: str = "") -> Object | None:
        found = self._objects.get(namespace)
        return found.get(name) if found else None

    def list(self, namespace: str = "") -> list[Object]:
        """All objects, or those of one namespace."""
        with self._lock:
            if namespace:
                return list(self._objects.get(namespace, {}).values())
            return [obj for found in self._objects.values() for obj in found.values()]

    def _drive(self) -> None:
        """Follow on a thread of our own, for transports that cannot be selected on."""
        assert self._follower is not None
        for wanted in self._follower:
            if isinstance(wanted, float):
                self._stopped.wait(wanted)
            else:
                wanted.wait(None)

    def _follow(self) -> Follower:
        pause = _FIRST_PAUSE
        while not self._stopped.is_set():
            begun = time.monotonic()
            try:
                yield from self._session()
            except (Expired, Gone):
                if self._since:
                    self._since = ""  # start over at once with what is there now
                    continue
                log.debug("%s: the server has no state to begin with yet", self.resource.plural)
            except (StatusError, ConnectionError) as error:
                away = isinstance(error, ConnectionError) or (isinstance(error, NotFound) and self.synced)
                level = logging.DEBUG if away else logging.WARNING  # kinds go, and may come back
                log.log(level, "watching %s failed and is tried again: %s", self.resource.group_resource, error)
            except Exception:
                log.exception("watching %s failed and is tried again", self.resource.group_resource)
                self._since = ""
            if time.monotonic() - begun >= _SHORT:
                pause = _FIRST_PAUSE
            if not self._stopped.is_set():
                yield pause * random.uniform(0.75, 1.25)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _session(self) -> Follower:
        """One watch from beginning to end; raises what ended it unless the server just closed it in time."""
        if not self._since and not self._watch_list:
            listing = self._client.list(self.resource, metadata_only=self._metadata_only, **self._where)
            self._replace({_key(obj): self._keep(obj) for obj in listing.items}, listing.resource_version)
        initial: dict[tuple[str, str], Object] | None = None if self._since else {}
        stream = self._client.open_watch(
            self.resource,
            since=self._since,
            initial=initial is not None,
            timeout=int(_TIMEOUT * random.uniform(1, 2)),
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
        # 500: an extension server on a store that cannot tell how far it is (etcd before 3.4.25) says so in the stream.
        unable = isinstance(error, StatusError) and 400 <= error.code <= 500
        if initial and unable and not isinstance(error, (Expired, Gone, TooManyRequests)):
            self._watch_list = False  # an older server: LIST says what is really wrong, if anything is
        raise error

    def _take(self, line: bytes, initial: dict[tuple[str, str], Object] | None) -> dict[tuple[str, str], Object] | None:
        """Apply one event; returns the state being collected, None once it is complete."""
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
            # The last state is the event's own, except that we must have known the object to announce its end.
            if old is not None:
                self._announce(obj, None)
        else:
            self._announce(old, obj)

    def _replace(self, state: dict[tuple[str, str], Object], revision: str) -> None:
        """Take over a whole state and announce how it differs from the one known."""
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
    """managedFields are half of a small object and of no use to a reader."""
    obj["metadata"].pop("managedFields", None)
    return obj


def _uid(obj: Object) -> str:
    return str(obj["metadata"].get("uid", ""))


def _revision(obj: Object) -> str:
    return str(obj["metadata"].get("resourceVersion", ""))
