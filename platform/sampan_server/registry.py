"""The kinds this server serves, found by path; which of them are stored and where.

Filled once at boot from what plugins contributed. Knows no kind by name and nothing of requests.
"""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Kind, Object, Resource
from sampan.contracts.serving import Subresource
from sampan.errors import PluginError
from sampan_machinery.kindschema import KindSchema, schema_of
from sampan_server.cache.cache import Cache
from sampan_server.cache.collection import Collection


class Served:
    """One kind in one version, with the stored kind behind it."""

    def __init__(self, kind: Kind, stored: Kind, collection: Collection | None) -> None:
        self.kind = kind
        self.stored = stored  # itself, or the sibling that is stored
        self.resource: Resource = kind.resource
        self.collection = collection  # None for kinds that are only answered
        self.prefix = prefix_of(stored)
        self.namespaced = kind.namespaced
        self.verbs = frozenset(kind.verbs)
        self.subresources: dict[str, Subresource] = {sub.name: sub for sub in kind.subresources}
        self.converts = stored is not kind
        self.schema: KindSchema = schema_of(kind)
        self.stored_schema: KindSchema = schema_of(stored) if self.converts else self.schema
        #: What an encoded object begins with, and the items of a list do not, where they do not say their kind.
        self.item_head = b""
        if not self.schema.items_say_kind:
            self.item_head = f'{{"kind":"{kind.kind}","apiVersion":"{kind.api_version}",'.encode()
        self.list_head = f'{{"kind":"{kind.kind}List","apiVersion":"{kind.api_version}","metadata":'.encode()

    def key(self, namespace: str, name: str) -> str:
        return f"{self.prefix}{namespace}/{name}" if self.namespaced else self.prefix + name

    def scope(self, namespace: str) -> str:
        """The key prefix of everything in a namespace, or of everything."""
        return f"{self.prefix}{namespace}/" if namespace and self.namespaced else self.prefix

    def shown(self, obj: Object) -> Object:
        """A stored object in this version."""
        if not self.converts:
            return obj
        convert = self.kind.from_stored
        return convert(obj) if convert else {**obj, "apiVersion": self.kind.api_version, "kind": self.kind.kind}

    def kept(self, obj: Object) -> Object:
        """An object of this version as it is stored."""
        if not self.converts:
            return obj
        convert = self.kind.to_stored
        return convert(obj) if convert else {**obj, "apiVersion": self.stored.api_version, "kind": self.stored.kind}


class Registry:
    """All kinds served."""

    def __init__(self) -> None:
        self.served: dict[tuple[str, str, str], Served] = {}
        self.versions: dict[str, list[str]] = {}  # of each group, preferred first
        self.revision = 0  # grows when kinds come or go; discovery and OpenAPI are made again then

    def add(self, contributed: Iterable[tuple[str, Kind]], cache: Cache) -> None:
        """Take (plugin, kind) pairs in; two plugins with the same kind are refused."""
        kinds: dict[tuple[str, str, str], Kind] = {}
        for plugin, kind in contributed:
            address = (kind.group, kind.version, kind.plural)
            if address in kinds or address in self.served:
                raise PluginError(plugin, f"{kind.resource.group_resource}/{kind.version} is there already")
            kinds[address] = kind
        for address, kind in kinds.items():
            stored = kinds.get((*kind.stored_as, kind.plural), kind) if kind.stored_as else kind
            collection = None if kind.answer else cache.add(prefix_of(stored), stored.fields)
            served = self.served[address] = Served(kind, stored, collection)
            if collection is not None and not served.converts:
                collection.head = served.item_head
            versions = self.versions.setdefault(kind.group, [])
            if kind.version not in versions:
                versions.append(kind.version)
                versions.sort(key=version_rank)
        self.revision += 1

    def find(self, group: str, version: str, plural: str) -> Served | None:
        return self.served.get((group, version, plural))

    def of(self, resource: Resource) -> Served | None:
        return self.served.get((resource.group, resource.version, resource.plural))

    def stored(self, group: str, plural: str) -> Served | None:
        """The served form of the stored version."""
        for version in self.versions.get(group, ()):
            found = self.served.get((group, version, plural))
            if found is not None and not found.converts:
                return found
        return None

    def by_kind(self, group: str, version: str, kind: str) -> Served | None:
        for served in self.served.values():
            if (served.kind.group, served.kind.version, served.kind.kind) == (group, version, kind):
                return served
        return None

    def group_versions(self) -> list[tuple[str, str]]:
        """All of them, the core first."""
        return [(group, version) for group in self.groups() for version in self.versions[group]]

    def groups(self) -> list[str]:
        """All groups, the core first, the rest by name."""
        return sorted(self.versions)

    def of_version(self, group: str, version: str) -> list[Served]:
        return sorted(
            (found for (g, v, _), found in self.served.items() if (g, v) == (group, version)),
            key=lambda found: found.kind.plural,
        )


def prefix_of(kind: Kind) -> str:
    return f"/{kind.group or 'core'}/{kind.plural}/"


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sort key by which v1 comes before v1beta2 before v1alpha1. Source: apimachinery version priority."""
    rest = version.removeprefix("v")
    for stage, word in ((1, "beta"), (2, "alpha")):
        major, found, minor = rest.partition(word)
        if found and major.isdigit():
            return (stage, -int(major), -int(minor or 0), version)
    return (0, -int(rest), 0, version) if rest.isdigit() else (3, 0, 0, version)
