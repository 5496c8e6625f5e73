"""The kinds this server serves, found by path; which of them are stored and where.

Filled at boot from what plugins contributed, and changed later by their kind sources. Knows no kind by name and nothing
of requests.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from sampan.contracts.kinds import Kind, Object, Resource
from sampan.contracts.serving import Subresource
from sampan.errors import PluginError
from sampan_machinery.kindschema import KindSchema, schema_of
from sampan_server.cache.cache import Cache
from sampan_server.cache.collection import Collection

Address = tuple[str, str, str]  # group, version, plural

CONVERTING = 128  # requests of one version that may wait for its conversions: a quarter of the pool


class Served:
    """One kind in one version, with the stored kind behind it."""

    def __init__(
        self, kind: Kind, stored: Kind, collection: Collection | None, *, sourced: bool = False, isolated: bool = False
    ) -> None:
        """``sourced``: of a KindSource, so that the stored version may have been another one formerly. ``isolated``:
        its functions are third-party code, which may be late."""
        self.kind = kind
        self.stored = stored  # itself, or the sibling that is stored
        self.resource: Resource = kind.resource
        self.collection = collection  # None for kinds that are not stored
        self.prefix = prefix_of(stored)
        self.namespaced = kind.namespaced
        self.verbs = frozenset(kind.verbs)
        self.subresources: dict[str, Subresource] = {sub.name: sub for sub in kind.subresources}
        self.schema: KindSchema = schema_of(kind)
        self.stored_schema: KindSchema = schema_of(stored) if stored is not kind else self.schema
        #: What an encoded object of this version begins with.
        self.head = head_of(kind)
        #: The same where the items of a list go without it, because they do not say their kind.
        self.item_head = b"" if self.schema.items_say_kind else self.head
        list_kind = kind.list_kind or f"{kind.kind}List"
        self.list_head = f'{{"kind":"{list_kind}","apiVersion":"{kind.api_version}","metadata":'.encode()
        #: Whether what is stored may be of another version than this one.
        self.converts = stored is not kind or sourced
        #: The version in which a write is defaulted, admitted and validated. That of the request where versions have
        #: schemas of their own (those of a KindSource); else the stored one, of which the others are renamings.
        self.working = kind if sourced else stored
        self.working_schema: KindSchema = self.schema if sourced else self.stored_schema
        self.blocks = self.converts and (kind.conversions_block or stored.conversions_block)
        self.isolated = isolated
        #: Requests that may wait for conversions at a time.
        self.slots = threading.BoundedSemaphore(CONVERTING) if self.blocks else None
        self.gone = False  # it has been replaced or removed; set under the cache's lock

    @cached_property
    def message(self) -> str:
        """The protobuf message of its objects, "" where there is none."""
        return self.schema.message

    def key(self, namespace: str, name: str) -> str:
        return f"{self.prefix}{namespace}/{name}" if self.namespaced else self.prefix + name

    def scope(self, namespace: str) -> str:
        """The key prefix of everything in a namespace, or of everything."""
        return f"{self.prefix}{namespace}/" if namespace and self.namespaced else self.prefix

    def shown(self, obj: Object) -> Object:
        """A stored object in this version."""
        if not self.converts or obj.get("apiVersion") == self.kind.api_version:
            return obj
        convert = self.kind.from_stored
        return convert(obj) if convert else _renamed(obj, self.kind)

    def all_shown(self, objects: Sequence[Object]) -> Sequence[Object]:
        """The same of many, by one call where the kind has one for it."""
        many = self.kind.from_stored_many
        if many is None or not self.converts:
            return [self.shown(obj) for obj in objects]
        others = [obj for obj in objects if obj.get("apiVersion") != self.kind.api_version]
        converted = iter(many(others) if others else ())
        return [obj if obj.get("apiVersion") == self.kind.api_version else next(converted) for obj in objects]

    def kept(self, obj: Object) -> Object:
        """An object of this version as it is stored."""
        if self.stored is self.kind:
            return obj
        convert = self.kind.to_stored
        return convert(obj) if convert else _renamed(obj, self.stored)

    def as_stored(self, obj: Object) -> Object:
        """A stored object in the version that is stored now."""
        if not self.converts or obj.get("apiVersion") == self.stored.api_version:
            return obj
        convert = self.stored.from_stored
        return convert(obj) if convert else _renamed(obj, self.stored)

    def as_worked(self, obj: Object) -> Object:
        """A stored object in the version in which writes are worked on."""
        return self.as_stored(obj) if self.working is self.stored else self.shown(obj)

    def to_work(self, obj: Object) -> Object:
        """An object of this version in the version in which writes are worked on."""
        return self.kept(obj) if self.working is self.stored else obj

    def to_store(self, obj: Object) -> Object:
        """An object of the version in which writes are worked on, as it is stored."""
        return obj if self.working is self.stored else self.kept(obj)


class Tables:
    """All kinds served at one time. Never changed once it is made, so that readers need no lock."""

    def __init__(self, served: Mapping[Address, Served], revision: int) -> None:
        self.all = served  # with those that no client sees
        self.served = {address: found for address, found in served.items() if not found.kind.hidden}
        self.revision = revision
        self.versions: dict[str, list[str]] = {}  # of each group, preferred first
        self.by_kind: dict[Address, Served] = {}
        self.stored: dict[tuple[str, str], Served] = {}
        for (group, version, _), found in self.served.items():
            self.by_kind.setdefault((group, version, found.kind.kind), found)
            versions = self.versions.setdefault(group, [])
            if version not in versions:
                versions.append(version)
        for versions in self.versions.values():
            versions.sort(key=version_rank)
        for group, version, plural in sorted(served, key=lambda each: version_rank(each[1])):
            if served[group, version, plural].stored is served[group, version, plural].kind:
                self.stored.setdefault((group, plural), served[group, version, plural])

    def groups(self) -> list[str]:
        """All groups, the core first, the rest by name."""
        return sorted(self.versions)

    def of_version(self, group: str, version: str) -> list[Served]:
        return sorted(
            (found for (g, v, _), found in self.served.items() if (g, v) == (group, version)),
            key=lambda found: found.kind.plural,
        )


class Registry:
    """All kinds served now. A change makes new tables and replaces them by one assignment: who needs several answers
    that agree takes ``now`` once."""

    def __init__(self) -> None:
        self.now = Tables({}, 0)

    @property
    def served(self) -> Mapping[Address, Served]:
        return self.now.served

    @property
    def versions(self) -> Mapping[str, Sequence[str]]:
        return self.now.versions

    @property
    def revision(self) -> int:
        """Grows when kinds come or go; discovery and OpenAPI are made again then."""
        return self.now.revision

    def add(self, contributed: Iterable[tuple[str, Kind]], cache: Cache) -> None:
        """Take the (plugin, kind) pairs of boot in; two plugins with the same kind are refused."""
        kinds: dict[Address, Kind] = {}
        for plugin, kind in contributed:
            address = (kind.group, kind.version, kind.plural)
            if address in kinds or address in self.now.all:
                raise PluginError(plugin, f"{kind.resource.group_resource}/{kind.version} is there already")
            kinds[address] = kind
        served = dict(self.now.all)
        for address, kind in kinds.items():
            stored = kinds.get((*kind.stored_as, kind.plural), kind) if kind.stored_as else kind
            collection = None if kind.answer or kind.computed else cache.add(prefix_of(stored), stored.fields)
            found = served[address] = Served(kind, stored, collection)
            if collection is not None and stored is kind:
                collection.head = found.head
        self.replace(served)

    def replace(self, served: Mapping[Address, Served]) -> None:
        """Serve these from now on, and no others."""
        self.now = Tables(served, self.now.revision + 1)

    def find(self, group: str, version: str, plural: str) -> Served | None:
        return self.now.served.get((group, version, plural))

    def of(self, resource: Resource) -> Served | None:
        return self.now.served.get((resource.group, resource.version, resource.plural))

    def stored(self, group: str, plural: str) -> Served | None:
        """The served form of the stored version."""
        return self.now.stored.get((group, plural))

    def by_kind(self, group: str, version: str, kind: str) -> Served | None:
        return self.now.by_kind.get((group, version, kind))

    def resources_of(self, api_version: str, kind: str) -> list[Resource]:
        """Those of a kind, by its apiVersion as objects say it; usually one."""
        group, _, version = api_version.rpartition("/")
        return [found.resource for found in self.of_version(group, version) if found.kind.kind == kind]

    def group_versions(self) -> list[tuple[str, str]]:
        """All of them, the core first."""
        now = self.now
        return [(group, version) for group in now.groups() for version in now.versions[group]]

    def groups(self) -> list[str]:
        return self.now.groups()

    def of_version(self, group: str, version: str) -> list[Served]:
        return self.now.of_version(group, version)


def _renamed(obj: Object, kind: Kind) -> Object:
    return {**obj, "apiVersion": kind.api_version, "kind": kind.kind}


def head_of(kind: Kind) -> bytes:
    """What an encoded object of the kind begins with."""
    return f'{{"kind":"{kind.kind}","apiVersion":"{kind.api_version}",'.encode()


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
