"""The Works of each binding, by the annotations of Works: one index, however many controllers read it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sampan.contracts.kinds import Object
from sampan_federation.caches import Cache, Caches
from sampan_federation.resources import WORKS
from sampan_federation.works.rendering import binding_of
from sampan_machinery.metadata import key_of

BindingKey = tuple[str, str]  # namespace, name; the namespace of a ClusterResourceBinding is ""
OnChange = Callable[[BindingKey, Object | None, Object | None], None]


def index_of(caches: Caches) -> WorkIndex:
    """That of these caches."""
    return caches.shared(WorkIndex, lambda: WorkIndex(caches.of(WORKS)))


class WorkIndex:
    """Thread-safe."""

    def __init__(self, works: Cache) -> None:
        self._works = works
        self._lock = threading.Lock()
        self._listeners: list[OnChange] = []
        self._found: dict[BindingKey, set[tuple[str, str]]] = {}
        works.on_change(self._changed)

    def on_change(self, listener: OnChange) -> None:
        """Call ``listener(binding, old, new)`` for each Work of a binding that is there, and for each change from now
        on; a Work may be told of twice."""
        self._listeners.append(listener)
        for binding in self.bindings():
            for work in self.works_of(binding):
                listener(binding, None, work)

    def works_of(self, binding: BindingKey) -> list[Object]:
        """In the order of their clusters."""
        with self._lock:
            keys = sorted(self._found.get(binding, ()))
        found = (self._works.get(name, namespace) for namespace, name in keys)
        return [work for work in found if work is not None]

    def bindings(self) -> list[BindingKey]:
        with self._lock:
            return list(self._found)

    def _changed(self, old: Object | None, new: Object | None) -> None:
        for work, other in ((old, new), (new, old)):
            binding = binding_of(work) if work is not None else None
            if work is None or binding is None:
                continue
            gone = work is old and (other is None or binding_of(other) != binding)
            with self._lock:
                keys = self._found.setdefault(binding, set())
                keys.discard(key_of(work)) if gone else keys.add(key_of(work))
                if not keys:
                    del self._found[binding]
            if gone or work is new:
                for listener in list(self._listeners):
                    listener(binding, old, new)
