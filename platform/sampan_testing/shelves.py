"""``Shelf``: a minimal Reader and Observed with objects in a dict, for tests of rules, authorizers and decisions."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

from sampan.contracts.kinds import Object, Resource
from sampan_machinery.metadata import controller_of, get_path, owners
from sampan_machinery.selectors import parse_labels


class Shelf:
    """A dict of objects that satisfies Reader and Observed; ``put`` and ``drop`` increment the resource's
    generation."""

    def __init__(self, objects: Iterable[tuple[Resource, Object]] = (), *, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self._objects: dict[tuple[str, str, str, str], Object] = {}
        self._generations: dict[tuple[str, str], int] = {}
        self._puts: dict[tuple[str, str, str, str], int] = {}
        self._suffixes = 0
        for resource, obj in objects:
            self.put(resource, obj)

    def put(self, resource: Resource, obj: Object) -> Object:
        metadata = obj["metadata"]
        key = (resource.group, resource.plural, metadata.get("namespace", ""), metadata["name"])
        self._objects[key] = obj
        self._moved(resource)
        self._puts[key] = self.generation(resource)
        return obj

    def drop(self, resource: Resource, name: str, namespace: str = "") -> None:
        del self._objects[(resource.group, resource.plural, namespace, name)]
        self._moved(resource)

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        return copy.deepcopy(self._objects.get((resource.group, resource.plural, namespace, name)))

    def list(self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "") -> list[Object]:
        """All objects, or those that match ``labels`` and ``fields`` (``spec.nodeName=n``)."""
        selector = parse_labels(labels)
        path, _, value = fields.partition("=")
        return [
            copy.deepcopy(obj)
            for (group, plural, where, _name), obj in sorted(self._objects.items(), key=lambda item: item[0])
            if (group, plural) == (resource.group, resource.plural)
            and namespace in ("", where)
            and selector.matches(obj["metadata"].get("labels"))
            and (not path or get_path(obj, *path.split("."), default="") == value)
        ]

    def owned(self, resource: Resource, uid: str) -> Iterable[Object]:
        return [
            obj
            for obj in self.list(resource)
            if any(owner.get("uid") == uid for owner in obj["metadata"].get("ownerReferences") or ())
        ]

    def claimable(self, resource: Resource, uid: str, namespace: str) -> Sequence[Object]:
        return [
            obj
            for obj in self.list(resource, namespace)
            if controller_of(obj) is None or any(owner.get("uid") == uid for owner in owners(obj))
        ]

    def generation(self, resource: Resource) -> int:
        return self._generations.get((resource.group, resource.plural), 0)

    def revisions(self, resource: Resource) -> dict[tuple[str, str], int]:
        """That which an object names, else its place among all changes of the resource."""
        return {
            (namespace, name): int(obj["metadata"].get("resourceVersion") or self._puts[group, plural, namespace, name])
            for (group, plural, namespace, name), obj in self._objects.items()
            if (group, plural) == (resource.group, resource.plural)
        }

    def name_suffix(self, length: int = 5) -> str:
        self._suffixes += 1
        return str(self._suffixes).rjust(length, "x")

    def _moved(self, resource: Resource) -> None:
        at = (resource.group, resource.plural)
        self._generations[at] = self._generations.get(at, 0) + 1
