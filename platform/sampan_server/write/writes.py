"""The write pipeline: what happens to an object between its decoded body and the store's commit.

A write is a generator: it yields store operations and is sent their revision, or Stale is thrown in and it starts
again with what is there now; yielding none, it is sent the newest revision once the cache has it. Who drives it
(``drive``) decides whether anybody blocks. Order of the calls on a kind: contracts/kinds.py. Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from sampan.contracts.access import User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Draft, Kind, Object
from sampan.contracts.serving import Reader
from sampan.contracts.store import Delete, Op, Stale
from sampan.errors import BadRequest, InternalError, StatusError
from sampan_isolation import Broken
from sampan_machinery import problems
from sampan_server import machinery
from sampan_server.cache.cache import Cache
from sampan_server.cache.records import Record, fill_revision
from sampan_server.registry import Registry, Served, head_of
from sampan_server.request import encoding
from sampan_server.request.statuses import already_exists, conflict, not_found
from sampan_server.write import stamps
from sampan_server.write.admission import Admitters
from sampan_server.write.managed_fields import Ownership

ATTEMPTS = 20  # how often a write starts again because others were faster
NAMES = 8  # how many generated names are tried


@dataclass(slots=True)
class Intent:
    """What is to be written, by whom."""

    served: Served
    namespace: str
    name: str
    user: User
    subresource: str = ""
    dry_run: bool = False
    manager: str = ""  # fieldManager of the request, or the client's name
    operation: str = "Update"  # Apply for server-side apply
    warnings: list[str] = field(default_factory=list)


class Written(NamedTuple):
    """What a write left behind. ``body`` is the object in its stored version as clients see it."""

    body: bytes
    created: bool = False
    deleted: bool = False
    key: str = ""
    revision: int = 0

    def record(self) -> Record:
        return Record(self.key, self.body, self.revision, {}, {})


Write = Generator[Sequence[Op], int, Written]


class Writer:
    """Creates and updates. ``deletes.Deleter`` removes."""

    def __init__(self, cache: Cache, registry: Registry, ownership: Ownership, clock: Callable[[], float]) -> None:
        self.cache = cache
        self.registry = registry
        self.ownership = ownership
        self.clock = clock
        self.reader: Reader | None = None  # set once there is a Cluster
        self.mutating = Admitters()
        self.checking = Admitters()

    def create(self, intent: Intent, obj: Object, again: Callable[[], Object] | None = None) -> Write:
        """Write a new object (of the request's version). An attempt may spoil it: ``again`` makes it anew, where that
        can be told; else it is kept encoded."""
        if again is None:
            sent = encoding.encode_json(obj)
            again = partial(encoding.decode_json, sent)
        make, fresh = again, [obj]
        return self.settled(lambda: self._create(intent, make, fresh))

    def update(self, intent: Intent, change: Callable[[Object], Object | None], *, revision: int = 0) -> Write:
        """Change the object that is there: ``change`` gets it (a fresh dict, of the request's version) and returns
        the new one, or None to leave it. Started again when another writer came between, unless ``revision`` says
        which one was meant."""
        return self.settled(lambda: self._update(intent, change, revision))

    def settled(self, write: Callable[[], Write]) -> Write:
        """The write; what refuses it counts only of the newest state.

        Other processes write to the same store, and this one's cache may be some milliseconds behind them: an object
        just made there would be "not found" here. So a refused write is tried once more where the cache was behind.
        """
        seen = self.cache.revision
        try:
            return (yield from write())
        except Broken:
            raise  # no state makes a plugin better, and it may be late a second time
        except StatusError:
            yield ()
            if self.cache.revision == seen:
                raise
        return (yield from write())

    def _create(self, intent: Intent, again: Callable[[], Object], fresh: list[Object]) -> Write:
        served, kind = intent.served, intent.served.stored
        for attempt in range(ATTEMPTS):
            obj = fresh.pop() if fresh else again()
            meta = stamps.metadata_of(obj)
            base = str(meta.get("generateName") or "")
            generated = not meta.get("name")
            if generated and base:
                meta["name"] = stamps.generated_name(base)
            intent.name = str(meta.get("name") or "")
            stamps.stamp_new(obj, served.kind, intent.namespace, self.clock())
            if kind.status and not kind.status_on_create:
                _empty_status(obj, kind)
            stored = served.kept(obj)
            key = served.key(intent.namespace, intent.name)
            if served.collection is not None and key in served.collection.records:
                if generated and attempt < NAMES:
                    continue
                there = served.collection.records[key].decode()
                raise already_exists(served.resource, intent.name, deleting="deletionTimestamp" in there["metadata"])
            review = self._review(intent, "CREATE", stored, None)
            self._complete(intent, stored, None, review)
            value, ops = self._ops(intent, key, stored, 0, review)
            if intent.dry_run:
                return Written(value.replace(b'"resourceVersion":"",', b"", 1), created=True, key=key)
            try:
                revision = yield ops
            except Stale as stale:
                if stale.key == key and not (generated and attempt < NAMES):
                    raise already_exists(served.resource, intent.name) from stale
                continue
            return Written(fill_revision(value, revision), created=True, key=key, revision=revision)
        raise InternalError(f"{intent.name}: gave up after {ATTEMPTS} attempts to write beside other writers")

    def _update(self, intent: Intent, change: Callable[[Object], Object | None], revision: int) -> Write:
        served = intent.served
        assert served.collection is not None
        key = served.key(intent.namespace, intent.name)
        for _ in range(ATTEMPTS):
            record = served.collection.records.get(key)
            if record is None:
                raise not_found(served.resource, intent.name)
            if revision and revision != record.revision:
                raise conflict(served.resource, intent.name)
            old = served.as_stored(record.decode())
            changed = change(served.shown(record.decode()))
            if changed is None:
                return Written(record.body, key=key, revision=record.revision)
            stored = served.kept(changed)
            review = self._review(intent, "UPDATE", stored, old)
            self._complete(intent, stored, old, review)
            self.ownership.updated(intent, stored, old)
            if intent.operation == "Apply":
                self.ownership.keep_times(stored, old)
            as_it_is = stored == old and not (served.converts and _is_outdated(served, record))
            if as_it_is and not review.also_create and not review.also_delete:
                return Written(record.body, key=key, revision=record.revision)
            gone = _is_finished(served.stored, stored)
            value, ops = self._ops(intent, key, stored, record.revision, review, remove=gone)
            if intent.dry_run:
                return Written(fill_revision(value, record.revision), key=key, revision=record.revision)
            try:
                written = yield ops
            except Stale:
                continue
            return Written(fill_revision(value, written), deleted=gone, key=key, revision=written)
        raise conflict(served.resource, intent.name)

    def _review(self, intent: Intent, operation: str, obj: Object | None, old: Object | None) -> Review:
        assert self.reader is not None
        return Review(
            operation, intent.served.stored, intent.subresource, intent.namespace, intent.name, obj, old, intent.user,
            intent.dry_run, self.reader, intent.warnings,
        )  # fmt: skip

    def _complete(self, intent: Intent, obj: Object, old: Object | None, review: Review) -> None:
        """From what was sent to what shall be stored; raises what refuses it."""
        kind = intent.served.stored
        meta = stamps.metadata_of(obj)
        nulls = False
        if old is not None:
            _drop_nulls(obj)
            nulls = _drop_nulls(old)
            stamps.keep_old(meta, old["metadata"], kind, intent.name)
            if intent.subresource == "status":
                _status_only(obj, old)
            elif kind.status and not intent.subresource:
                _keep(obj, old, "status")
        else:
            # The creator owns what was sent and its defaults, not what the server and admission make of it.
            machinery.default(kind, obj)
            self.ownership.created(intent, obj)
        kind.prepare(Draft(obj, old, intent.subresource, intent.user.name))
        machinery.default(kind, obj)
        if mutating := self.mutating.of(kind, review.operation):
            for admitter in mutating:
                admitter.admit(review)
            machinery.default(kind, obj)
        if old is not None and kind.generation and _counts(intent):
            stamps.bump_generation(obj, old)
        found = machinery.check(kind, obj, old)
        if found:
            raise problems.as_error(found, group=kind.group, kind=kind.kind, name=intent.name)
        machinery.complete(kind, obj, old)
        if nulls:
            machinery.complete(kind, old or {})
        for admitter in self.checking.of(kind, review.operation):
            admitter.admit(review)

    def review_only(self, intent: Intent, operation: str, old: Object | None, obj: Object | None = None) -> Review:
        """All admission of a request that writes no object of its own: DELETE, CONNECT, and CREATE below an object."""
        review = self._review(intent, operation, obj, old)
        kind = intent.served.stored
        for admitter in (*self.mutating.of(kind, operation), *self.checking.of(kind, operation)):
            admitter.admit(review)
        return review

    def _ops(
        self, intent: Intent, key: str, obj: Object, expect: int, review: Review, *, remove: bool = False
    ) -> tuple[bytes, list[Op]]:
        """The stored bytes, and all operations of the commit."""
        main = encoding.put(intent.served, self.cache, key, obj, expect)
        ops: list[Op] = [Delete(key, expect) if remove else main]
        if review.also_create or review.also_delete:
            ops += self.beside(review)
        return main.value, ops

    def beside(self, review: Review) -> list[Op]:
        """What admission wants written and removed in the same commit."""
        ops: list[Op] = []
        for obj in review.also_create:
            group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
            served = self.registry.by_kind(group, version, str(obj.get("kind", "")))
            if served is None:
                raise BadRequest(f"{obj.get('kind')} of {obj.get('apiVersion')} is not served here")
            meta = stamps.metadata_of(obj)
            namespace, name = str(meta.get("namespace") or ""), str(meta.get("name") or "")
            stamps.stamp_new(obj, served.kind, namespace, self.clock())
            stored = served.kept(obj)
            machinery.default(served.stored, stored)
            machinery.complete(served.stored, stored)
            ops.append(encoding.put(served, self.cache, served.key(namespace, name), stored, 0))
        for which, namespace, name in review.also_delete:
            group, plural = which if isinstance(which, tuple) else (which.group, which.plural)
            found = self.registry.stored(group, plural)
            if found is not None:
                ops.append(Delete(found.key(namespace, name)))
        return ops


def _is_outdated(served: Served, record: Record) -> bool:
    """Whether an object is stored in a version that is not the stored one any more: then any update writes it."""
    return not record.body.startswith(head_of(served.stored))


def _empty_status(obj: Object, kind: Kind) -> None:
    """Until somebody knows better: shown empty, as upstream's structs are; a kind with its own schema has none."""
    obj.pop("status", None)
    if kind.schema is None:
        obj["status"] = {}


def _drop_nulls(obj: Object) -> bool:
    """Take away what ``complete`` put in as null (``rules`` of a Role), so that no kind's functions meet it."""
    names = [name for name, value in obj.items() if value is None]
    for name in names:
        del obj[name]
    return bool(names)


def _counts(intent: Intent) -> bool:
    """Whether a change of the spec is a new generation."""
    sub = intent.served.subresources.get(intent.subresource)
    return sub is None or sub.counts


def _is_finished(kind: Kind, obj: Object) -> bool:
    """Whether nothing keeps a deleting object any more."""
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp") or meta.get("finalizers") or meta.get("deletionGracePeriodSeconds"):
        return False
    return not kind.held(obj)


def _keep(obj: Object, old: Object, key: str) -> None:
    if key in old:
        obj[key] = old[key]
    else:
        obj.pop(key, None)


def _status_only(obj: Object, old: Object) -> None:
    """A write to /status changes status, labels, annotations, finalizers and managed fields, nothing else."""
    for key in obj.keys() | old.keys():
        if key not in ("metadata", "status"):
            _keep(obj, old, key)
    if "ownerReferences" in old["metadata"]:
        obj["metadata"]["ownerReferences"] = old["metadata"]["ownerReferences"]
    else:
        obj["metadata"].pop("ownerReferences", None)
