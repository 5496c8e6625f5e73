"""The inside view: reads from the cache, writes through the whole chain. Implements contracts.serving.Cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.kinds import Object, Resource
from sampan_machinery.metadata import copy
from sampan_server.cache.cache import Cache
from sampan_server.read.selecting import Selection
from sampan_server.registry import Registry, Served
from sampan_server.request.statuses import no_such_path
from sampan_server.write import drive
from sampan_server.write.deletes import Deleter, Options
from sampan_server.write.intent import Intent
from sampan_server.write.writes import Write, Writer

if TYPE_CHECKING:
    from sampan_server.request.authorize import Authorize

#: Who the server is when it acts by itself.
SERVER = User("system:apiserver", ("system:masters",))


class InsideCluster:
    """Usable once the app is made; until then (hooks at boot hold it already) calls find nothing served."""

    def __init__(self, cache: Cache, registry: Registry, writer: Writer, deleter: Deleter) -> None:
        self._cache, self._registry, self._writer, self._deleter = cache, registry, writer, deleter
        self.authorization: Authorize | None = None

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        served = self._registry.of(resource)
        if served is None or served.collection is None:
            return None
        record = served.collection.records.get(served.key(namespace, name))
        return served.shown(record.decode()) if record else None

    def list(self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "") -> list[Object]:
        served = self._registry.of(resource)
        if served is None or served.collection is None:
            return []
        selection = Selection(served, namespace, labels, fields)
        with self._cache.lock:
            records = [served.collection.records[key] for key in selection.candidates()]
        return [served.shown(r.decode()) for r in records if not selection.narrow or selection.wants(r)]

    def generation(self, resource: Resource) -> int:
        served = self._registry.of(resource)
        return served.collection.changed if served is not None and served.collection is not None else 0

    def revisions(self, resource: Resource) -> dict[tuple[str, str], int]:
        served = self._registry.of(resource)
        if served is None or served.collection is None:
            return {}
        with self._cache.lock:
            return {(each.namespace, each.name): each.revision for each in served.collection.records.values()}

    def create(self, resource: Resource, obj: Object, namespace: str = "", *, user: User | None = None) -> Object:
        served = self._served(resource)
        written = drive.block(self.creating(resource, obj, namespace, user=user), self._cache)
        return served.shown(written.record().decode())

    def creating(self, resource: Resource, obj: Object, namespace: str = "", *, user: User | None = None) -> Write:
        """The work of ``create``, for who drives several at once."""
        served = self._served(resource)
        namespace = namespace or str((obj.get("metadata") or {}).get("namespace") or "")
        sent = copy(obj)
        sent.setdefault("metadata", {})
        sent["kind"], sent["apiVersion"] = resource.kind, resource.api_version
        return self._writer.create(Intent(served, namespace, "", user or SERVER, manager="sampan"), sent)

    def update(
        self, resource: Resource, name: str, namespace: str, change: Callable[[Object], Object | None],
        *, subresource: str = "", user: User | None = None,
    ) -> Object:  # fmt: skip
        served = self._served(resource)
        intent = Intent(served, namespace, name, user or SERVER, subresource, manager="sampan")
        return served.shown(drive.block(self._writer.update(intent, change), self._cache).record().decode())

    def delete(
        self, resource: Resource, name: str, namespace: str = "", *, grace: int | None = None, uid: str = "",
        revision: str = "", propagation: str = "", user: User | None = None,
    ) -> Object:  # fmt: skip
        served = self._served(resource)
        intent = Intent(served, namespace, name, user or SERVER, manager="sampan")
        done = drive.block(self._deleter.delete(intent, Options(grace, propagation, uid, revision)), self._cache)
        return served.shown(done.record().decode())

    def authorize(
        self, user: User, verb: str, resource: Resource, namespace: str = "", name: str = "", subresource: str = ""
    ) -> tuple[bool, str]:
        assert self.authorization is not None
        return self.authorization.decide(
            Attributes(user, verb, resource.group, resource.version, resource.plural, subresource, namespace, name)
        )

    def decide(self, asked: Attributes) -> tuple[Decision, str]:
        assert self.authorization is not None
        return self.authorization.opinion(asked)

    def now(self) -> float:
        return self._writer.clock()

    def _served(self, resource: Resource) -> Served:
        found = self._registry.of(resource)
        if found is None or found.collection is None:
            raise no_such_path()
        return found
