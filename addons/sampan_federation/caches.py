"""Informers of the host that several controllers share: one watch a kind, however many read it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from sampan.contracts.kinds import Object, Resource
from sampan_client import Client
from sampan_client.informers import Informer, OnChange

T = TypeVar("T")


class Cache:
    """The local copy of one kind. Objects are shared: copy them before changing them."""

    def __init__(
        self,
        client: Client,
        resource: Resource,
        on_synced: Callable[[], None],
        *,
        namespace: str = "",
        fields: str = "",
    ) -> None:
        self.resource = resource
        self._handlers: list[OnChange] = []
        self.informer = Informer(
            client, resource, namespace=namespace, fields=fields, on_change=self._announce, on_synced=on_synced
        )

    def on_change(self, handler: OnChange) -> None:
        """Call it for each object that is there, and for each change from now on; an object may be told of twice."""
        self._handlers.append(handler)
        for obj in self.informer.list():
            handler(None, obj)

    def get(self, name: str, namespace: str = "") -> Object | None:
        return self.informer.get(name, namespace)

    def list(self, namespace: str = "") -> list[Object]:
        return self.informer.list(namespace)

    @property
    def synced(self) -> bool:
        return self.informer.synced

    def _announce(self, old: Object | None, new: Object | None) -> None:
        for handler in list(self._handlers):
            handler(old, new)


class Caches:
    """The informers of one client, each started when it is first asked for."""

    def __init__(
        self, client: Client, on_synced: Callable[[], None] = lambda: None,
        scopes: Mapping[Resource, Mapping[str, str]] | None = None,
    ) -> None:  # fmt: skip
        """``scopes``: of a kind that is not to be seen whole, the ``namespace`` or the ``fields`` to be selected by."""
        self._client, self._on_synced, self._scopes = client, on_synced, scopes or {}
        self._lock = threading.Lock()
        self._found: dict[Resource, Cache] = {}
        self._deriving = threading.Lock()
        self._derived: dict[type, object] = {}

    def of(self, resource: Resource) -> Cache:
        with self._lock:
            cache = self._found.get(resource)
            if cache is None:
                cache = self._found[resource] = Cache(
                    self._client, resource, self._on_synced, **self._scopes.get(resource, {})
                )
                cache.informer.start()
            return cache

    def shared(self, kind: type[T], make: Callable[[], T]) -> T:
        """What is derived from these caches, made for the first that asks; one of each class."""
        with self._deriving:
            if kind not in self._derived:
                self._derived[kind] = make()
            found = self._derived[kind]
        assert isinstance(found, kind)
        return found

    def drop(self, resource: Resource) -> None:
        """End the watch of a kind that has no reader any more."""
        with self._lock:
            cache = self._found.pop(resource, None)
        if cache is not None:
            cache.informer.stop()

    @property
    def synced(self) -> bool:
        with self._lock:
            return all(cache.synced for cache in self._found.values())

    def close(self) -> None:
        with self._lock:
            found, self._found = list(self._found.values()), {}
        for cache in found:
            cache.informer.stop()
