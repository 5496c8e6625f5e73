"""Objects under review in other versions than the stored one. Satisfies contracts.admission.Versions."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Kind, Object, Resource
from sampan.errors import NotFound
from sampan_machinery.apply import unowned
from sampan_machinery.metadata import copy
from sampan_server.registry import Registry, Served, prefix_of, version_rank


class ServedVersions:
    """Of all kinds of one server. The table of versions is made again when kinds have come or gone."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: tuple[int, dict[str, tuple[Resource, ...]]] = (-1, {})

    def resources(self, kind: Kind) -> Sequence[Resource]:
        known = self._known
        if known[0] != self._registry.revision:
            known = self._known = self._made()
        return known[1].get(prefix_of(kind), (kind.resource,))

    def shown(self, obj: Object, resource: Resource) -> Object:
        return self._served(resource).shown(obj)

    def kept(self, obj: Object, resource: Resource, kind: Kind | None = None) -> Object:
        served = self._served(resource)
        wanted = self._served((kind or served.stored).resource)
        sent = served.schema.prune({**copy(obj), "kind": resource.kind, "apiVersion": resource.api_version})
        kept = sent if wanted.resource == resource else wanted.shown(served.kept(sent))
        wanted.schema.default(kept)
        return kept

    def named(self, api_version: str, kind: str) -> Resource | None:
        group, _, version = api_version.rpartition("/")
        served = self._registry.by_kind(group, version, kind)
        return None if served is None else served.resource

    def merged(self, obj: Object, config: Object, resource: Resource) -> Object:
        return unowned.merged(obj, config, self._served(resource).schema.node)

    def _served(self, resource: Resource) -> Served:
        found = self._registry.now.all.get((resource.group, resource.version, resource.plural))
        if found is None:
            raise NotFound(f"{resource.group_resource}/{resource.version} is not served any more")
        return found

    def _made(self) -> tuple[int, dict[str, tuple[Resource, ...]]]:
        tables, found = self._registry.now, dict[str, list[Resource]]()
        for served in tables.served.values():
            found.setdefault(served.prefix, []).append(served.resource)
        for resources in found.values():
            resources.sort(key=lambda resource: (resource.group, version_rank(resource.version)))
        return tables.revision, {prefix: tuple(resources) for prefix, resources in found.items()}
