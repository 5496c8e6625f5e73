"""The informers' state as deciders see it: shared informers with an index by owner."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan_client import Client
from sampan_client.informers import Informer

#: Letters that never spell a word. Source: apimachinery util/rand.
LETTERS = "bcdfghjklmnpqrstvwxz2456789"

Subscriber = Callable[[Object | None, Object | None], None]


class Scope(NamedTuple):
    """A resource with selectors; each scope is watched once per process."""

    resource: Resource
    fields: str = ""
    labels: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it has all objects of its resource."""
        return not self.fields and not self.labels


class SharedInformer:
    """One informer, its index by owner, those without a controller by namespace, and the subscribers to its changes."""

    def __init__(self, client: Client, scope: Scope, on_synced: Callable[[], None] | None = None) -> None:
        self.scope = scope
        self.subscribers: list[Subscriber] = []
        self._owned: dict[str, dict[tuple[str, str], Object]] = {}
        self._orphans: dict[str, dict[tuple[str, str], Object]] = {}
        self._lock = threading.Lock()
        self.informer = Informer(
            client,
            scope.resource,
            fields=scope.fields,
            labels=scope.labels,
            on_change=self._changed,
            on_synced=on_synced,
        )

    def owned(self, uid: str) -> list[Object]:
        with self._lock:
            return list(self._owned.get(uid, {}).values())

    def claimable(self, uid: str, namespace: str) -> list[Object]:
        """Read at one moment: an object is adopted between two."""
        with self._lock:
            found = {place: obj for place, obj in self._owned.get(uid, {}).items() if place[0] == namespace}
            return list({**found, **self._orphans.get(namespace, {})}.values())

    def _changed(self, old: Object | None, new: Object | None) -> None:
        with self._lock:
            self._index(old, new)
        for subscriber in self.subscribers:
            subscriber(old, new)

    def _index(self, old: Object | None, new: Object | None) -> None:
        for index, keys in ((self._owned, _owners), (self._orphans, _orphaned)):
            kept = keys(new)
            for key in keys(old):
                found = index.get(key, {})
                if key not in kept:  # what stays keeps its place in the order
                    found.pop(_place(old), None)
                if not found:
                    index.pop(key, None)
            for key in kept:
                assert new is not None
                index.setdefault(key, {})[_place(new)] = new


#: The informers of a resource: the one that has all of its objects, or those that have some of them.
ByResource = Mapping[Resource, Sequence[SharedInformer]]


def by_resource(informers: Iterable[SharedInformer]) -> ByResource:
    found: dict[Resource, list[SharedInformer]] = {}
    for each in informers:
        found.setdefault(each.scope.resource, []).append(each)
    return {resource: [each for each in some if each.scope.is_whole] or some for resource, some in found.items()}


def _each_once(found: Sequence[Sequence[Object]]) -> Sequence[Object]:
    """All objects of several informers, of which one may be in more than one of them."""
    if len(found) == 1:
        return found[0]
    return list({_place(obj): obj for some in found for obj in some}.values())


class View:
    """Implements Observed over shared informers. Objects that no reconciler watches are not found."""

    def __init__(self, shared: ByResource, now: float, randomness: random.Random) -> None:
        self.now = now
        self._shared = shared
        self._random = randomness

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        found = (each.informer.get(name, namespace) for each in self._shared.get(resource, ()))
        return next((obj for obj in found if obj is not None), None)

    def list(self, resource: Resource, namespace: str = "") -> Sequence[Object]:
        return _each_once([each.informer.list(namespace) for each in self._shared.get(resource, ())])

    def owned(self, resource: Resource, uid: str) -> Sequence[Object]:
        return _each_once([each.owned(uid) for each in self._shared.get(resource, ())])

    def claimable(self, resource: Resource, uid: str, namespace: str) -> Sequence[Object]:
        return _each_once([each.claimable(uid, namespace) for each in self._shared.get(resource, ())])

    def name_suffix(self, length: int = 5) -> str:
        return "".join(self._random.choices(LETTERS, k=length))


def _owners(obj: Object | None) -> list[str]:
    references = (obj["metadata"].get("ownerReferences") or ()) if obj else ()
    return [reference.get("uid", "") for reference in references]


def _orphaned(obj: Object | None) -> list[str]:
    """Its namespace, where it has no controller."""
    if obj is None or any(each.get("controller") for each in obj["metadata"].get("ownerReferences") or ()):
        return []
    return [obj["metadata"].get("namespace", "")]


def _place(obj: Object | None) -> tuple[str, str]:
    metadata = obj["metadata"] if obj else {}
    return metadata.get("namespace", ""), metadata.get("name", "")
