"""The write pipeline: what happens to an object between its decoded body and the store's commit.

A write is a generator: it yields store operations and is sent their revision, or Stale is thrown in and it starts
again with what is there now; what else it may yield ``steps`` says. Who drives it (``drive``) decides whether anybody
blocks. Order of the calls on a kind: contracts/kinds.py. Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Draft, Kind, Object
from sampan.contracts.serving import Reader
from sampan.contracts.store import Delete, Op, Stale
from sampan.errors import BadRequest, InternalError, StatusError
from sampan_isolation import Broken
from sampan_machinery import metadata, problems
from sampan_server.cache.cache import Cache
from sampan_server.cache.records import Record, fill_revision
from sampan_server.registry import Registry, Served, head_of
from sampan_server.request import encoding
from sampan_server.request.statuses import already_exists, conflict, not_found
from sampan_server.write import stamps
from sampan_server.write.admission import Admitters, RuleFollower
from sampan_server.write.intent import Intent
from sampan_server.write.keylocks import KeyLocks, NeedsLock
from sampan_server.write.managed_fields import ManagedFields
from sampan_server.write.steps import Result, Step, Waiting, Work
from sampan_server.write.versions import ServedVersions

ATTEMPTS = 20  # how often a write starts again because others were faster
NAMES = 8  # how many generated names are tried


class Written(NamedTuple):
    """What a write left behind. ``body`` is the object in its stored version as clients see it."""

    body: bytes
    created: bool = False
    deleted: bool = False
    key: str = ""
    revision: int = 0

    def record(self) -> Record:
        return Record(self.key, self.body, self.revision, {}, {})


Write = Work[Written]


class Writer:
    """Creates and updates. ``deletes.Deleter`` removes."""

    def __init__(
        self, cache: Cache, registry: Registry, managed_fields: ManagedFields, clock: Callable[[], float]
    ) -> None:
        self.cache = cache
        self.registry = registry
        self.managed_fields = managed_fields
        self.clock = clock
        self.reader: Reader | None = None  # set once there is a Cluster
        self.mutating = Admitters()
        self.checking = Admitters()
        self.versions = ServedVersions(registry)
        self._locks = KeyLocks()

    def follow_rules(self) -> None:
        """Empty the tables of admitters whenever objects that are their rules have changed, before the write that
        changed them is answered. Called once, when the admitters are set."""
        self.mutating.versions = self.checking.versions = self.versions
        for phase in (self.mutating, self.checking):
            served = [self.registry.of(resource) for resource in phase.watched]
            collections = [each.collection for each in served if each is not None and each.collection is not None]
            if collections:
                follower = RuleFollower(phase, collections)
                self.cache.after_batch.append(follower.look)
                self.cache.after_reload.append(follower.look)

    def compile_admission(self) -> None:
        """Make the tables of admitters for the kinds that are served. To be called again when kinds come or go."""
        kinds = [served.kind for served in self.registry.served.values()]
        self.mutating.compile(kinds)
        self.checking.compile(kinds)

    def create(self, intent: Intent, obj: Object, again: Callable[[], Object] | None = None) -> Write:
        """Write a new object (of the request's version). An attempt may spoil it: ``again`` makes a new one, where that
        can be told; else it is kept encoded."""
        if again is None:
            sent = encoding.encode_json(obj)
            again = partial(encoding.decode_json, sent)
        make, fresh = again, [obj]
        return self.settled(intent, lambda: self._create(intent, make, fresh))

    def update(self, intent: Intent, change: Callable[[Object], Object | None], *, revision: int = 0) -> Write:
        """Change the object that is there: ``change`` gets it (a fresh dict, of the request's version) and returns
        the new one, or None to leave it. Started again when another writer came between, unless ``revision`` says
        which one was meant."""
        return self.settled(intent, lambda: self._update(intent, change, revision))

    def settled(self, intent: Intent, write: Callable[[], Work[Result]]) -> Work[Result]:
        """The write, in a form that waits: for the newest state before it is refused (``_settled``), and for its turn
        where other writes update the same object beside their own."""
        try:
            for _ in range(ATTEMPTS):
                try:
                    return (yield from self._settled(write))
                except NeedsLock as needed:
                    lock = intent.lock = self._locks.join(needed.keys)
                yield Waiting(lock.when)
            raise conflict(intent.served.resource, intent.name)
        finally:
            self._unlock(intent)

    def _settled(self, write: Callable[[], Work[Result]]) -> Work[Result]:
        """The write; what refuses it counts only of the newest state.

        Other processes write to the same store, and this one's cache may be some milliseconds behind them: an object
        just made there would be "not found" here. So a refused write is tried once more where the cache was behind.
        """
        seen = self.cache.revision
        try:
            return (yield from write())
        except Broken:
            raise  # no state makes a plugin better, and it may be late a second time
        except StatusError as error:
            if error.final:
                raise
            yield ()
            if self.cache.revision == seen:
                raise
        return (yield from write())

    def _create(self, intent: Intent, again: Callable[[], Object], fresh: list[Object]) -> Write:
        served, kind = intent.served, intent.served.working
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
                served.working_schema.reset_status(obj)
            stored = served.to_work(obj)
            key = served.key(intent.namespace, intent.name)
            if served.collection is not None and key in served.collection.records:
                if generated and attempt < NAMES:
                    continue
                there = served.collection.records[key].decode()
                raise already_exists(served.resource, intent.name, deleting="deletionTimestamp" in there["metadata"])
            review = self._review(intent, "CREATE", stored, None)
            yield from self._complete(intent, stored, None, review)
            value, ops = self._ops(intent, key, stored, 0, review)
            if intent.dry_run:
                if not (yield from self.is_newest(served, key, None)):
                    continue
                sent = b'"resourceVersion":"%s",' % intent.sent_revision.encode() if intent.sent_revision else b""
                return Written(value.replace(b'"resourceVersion":"",', sent, 1), created=True, key=key)
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
            old = served.as_worked(record.decode())
            if served.blocks and served.working is served.kind:  # a conversion may be a call to another server
                changed = change(metadata.copy(old))
            else:
                changed = change(served.shown(record.decode()))
            if changed is None:
                if not (yield from self.is_newest(served, key, record)):
                    continue
                return Written(record.body, key=key, revision=record.revision)
            stored = served.to_work(changed)
            review = self._review(intent, "UPDATE", stored, old)
            yield from self._complete(intent, stored, old, review)
            if intent.operation == "Apply":
                self.managed_fields.keep_times(stored, old)
            as_it_is = stored == old and not (served.converts and _is_outdated(served, record))
            as_it_is = as_it_is and not self.cache.is_outdated(key)
            as_it_is = as_it_is and not _is_more(review)
            if (as_it_is or intent.dry_run) and not (yield from self.is_newest(served, key, record)):
                continue
            if as_it_is:
                return Written(record.body, key=key, revision=record.revision)
            gone = _is_finished(served.working, stored)
            value, ops = self._ops(intent, key, stored, record.revision, review, remove=gone)
            if intent.dry_run:
                return Written(fill_revision(value, record.revision), key=key, revision=record.revision)
            try:
                written = yield ops
            except Stale:
                continue
            return Written(fill_revision(value, written), deleted=gone, key=key, revision=written)
        raise conflict(served.resource, intent.name)

    def is_newest(self, served: Served, key: str, record: Record | None) -> Work[bool]:
        """Whether a key holds what a write has begun from. One that ends without a commit has to ask: what changes
        nothing of the state that this process has seen may undo what another one has just written."""
        assert served.collection is not None
        if not self.cache.exclusive:
            yield ()
        return served.collection.records.get(key) is record

    def _review(self, intent: Intent, operation: str, obj: Object | None, old: Object | None) -> Review:
        assert self.reader is not None
        return Review(
            operation, intent.served.working, intent.subresource, intent.namespace, intent.name, obj, old, intent.user,
            intent.dry_run, self.reader, intent.warnings, intent.annotations, requested=intent.served.resource,
            versions=self.versions, timeout=intent.timeout, make_options=intent.make_options, state=intent.state,
            clock=self.clock,
        )  # fmt: skip

    def _complete(self, intent: Intent, obj: Object, old: Object | None, review: Review) -> Iterator[Step]:
        """From what was sent to what shall be stored; raises what refuses it. A part of a write."""
        kind, schema = intent.served.working, intent.served.working_schema
        meta = stamps.metadata_of(obj)
        nulls = False
        if old is not None:
            _drop_nulls(obj)
            nulls = _drop_nulls(old)
            stamps.keep_old(meta, old["metadata"], kind, intent.name)
            _keep_others(intent, obj, old)
        if not intent.patches and len(meta.get("ownerReferences") or ()) > 1:
            stamps.drop_repeated_owners(meta, intent.warnings, after_admission=False)
        default = schema.default if kind.status_defaults or intent.subresource != "status" else _leave
        if default is not _leave and intent.operation == "Apply":
            default = partial(
                schema.default, keep_nulls=True
            )  # upstream takes them out of bodies, not of what is merged
        # A writer owns what was sent and its defaults, not what the server and admission make of it.
        default(obj)
        if old is None:
            self.managed_fields.created(intent, obj)
        else:
            self.managed_fields.updated(intent, obj, old)
        kind.prepare(Draft(obj, old, intent.subresource, intent.user.name, intent.user))
        plan = self.mutating.plan(kind, review.operation, review.subresource)
        if plan.waits:
            default(obj)  # others' code sees it whole
            stamped = dict(meta)
            if (yield from plan.in_turn(review)):
                self._restrict(intent, obj, old, stamped)
        else:
            for admitter in plan.admitters:
                admitter.admit(review)
        if len(obj["metadata"].get("ownerReferences") or ()) > 1:
            stamps.drop_repeated_owners(obj["metadata"], intent.warnings, after_admission=True)
        default(obj)  # what ``prepare`` and admission have put in
        bumped = old is not None and kind.generation and _counts(intent) and stamps.bump_generation(obj, old, kind)
        found = schema.check(obj, old, version=intent.served.kind)
        if found:
            raise problems.as_error(found, group=kind.group, kind=kind.kind, name=intent.name)
        review.warnings += [text for text in kind.warn(obj, old) if text not in review.warnings]
        schema.complete(obj, old)
        if nulls:
            schema.complete(old or {})
        if bumped and old is not None:
            stamps.unbump_generation(obj, old, kind)
        plan = self.checking.plan(kind, review.operation, review.subresource)
        if plan.waits:
            yield from plan.in_turn(review)
        else:
            for admitter in plan.admitters:
                admitter.admit(review)

    def _restrict(self, intent: Intent, obj: Object, old: Object | None, stamped: dict[str, Any]) -> None:
        """What code outside of the server made of the object, restricted to what the request may write."""
        kind, meta = intent.served.working, stamps.metadata_of(obj)
        if old is not None:
            stamps.keep_old(meta, old["metadata"], kind, intent.name)
            _keep_others(intent, obj, old)
        else:
            stamps.keep_stamps(meta, stamped)
            if kind.status and not kind.status_on_create:
                intent.served.working_schema.reset_status(obj)
        kind.prepare(Draft(obj, old, intent.subresource, intent.user.name))

    def review_only(
        self, intent: Intent, operation: str, old: Object | None, obj: Object | None = None
    ) -> Work[Review]:
        """All admission of a request that writes no object of its own: DELETE, CONNECT, and CREATE below an object. A
        part of a write."""
        review = self._review(intent, operation, obj, old)
        kind = intent.served.working
        for phase in (self.mutating, self.checking):
            plan = phase.plan(kind, operation, intent.subresource)
            if plan.waits:
                yield from plan.in_turn(review)
            else:
                for admitter in plan.admitters:
                    admitter.admit(review)
        return review

    def admitted(self, intent: Intent, obj: Object) -> Work[Review]:
        """Admission of a CREATE below an object, and the commit of what admission wants written: it stores nothing of
        its own. Admitters may change ``obj``."""
        sent = encoding.encode_json(obj)
        return self.settled(intent, lambda: self._admitted(intent, sent))

    def _admitted(self, intent: Intent, sent: bytes) -> Work[Review]:
        for _ in range(ATTEMPTS):
            review = yield from self.review_only(intent, "CREATE", None, encoding.decode_json(sent))
            if intent.dry_run or not _is_more(review):
                return review
            try:
                yield self.beside(intent, review, "")
            except Stale:
                continue
            return review
        raise conflict(intent.served.resource, intent.name)

    def _ops(
        self, intent: Intent, key: str, obj: Object, expect: int, review: Review, *, remove: bool = False
    ) -> tuple[bytes, list[Op]]:
        """The stored bytes, and all operations of the commit."""
        main = encoding.put(intent.served, self.cache, key, obj, expect)
        ops: list[Op] = [Delete(key, expect) if remove else main]
        if _is_more(review):
            ops += self.beside(intent, review, key)
        return main.value, ops

    def beside(self, intent: Intent, review: Review, key: str) -> list[Op]:
        """What admission wants written and removed in the same commit as ``key``. Raises NeedsLock where other writes
        that update the same objects are under way."""
        ops: list[Op] = []
        if review.also_update:
            ops += self._updates(intent, review)
        for obj in review.also_create:
            served = self._by_kind(obj)
            meta = stamps.metadata_of(obj)
            namespace, name = str(meta.get("namespace") or ""), str(meta.get("name") or "")
            stamps.stamp_new(obj, served.kind, namespace, self.clock())
            stored = served.to_work(obj)
            served.working_schema.default(stored)
            served.working_schema.complete(stored)
            ops.append(encoding.put(served, self.cache, served.key(namespace, name), stored, 0))
        for which, namespace, name in review.also_delete:
            group, plural = which if isinstance(which, tuple) else (which.group, which.plural)
            found = self.registry.stored(group, plural)
            if found is not None:
                ops.append(Delete(found.key(namespace, name)))
        if len({key, *(op.key for op in ops)}) <= len(ops):
            raise InternalError(f"{review.ref}: admission writes one object twice in the same commit")
        return ops

    def _updates(self, intent: Intent, review: Review) -> list[Op]:
        """The updates of other objects, each of the revision that admission has read."""
        found = [(self._by_kind(obj), obj) for obj in review.also_update]
        keys = [
            served.key(str(obj["metadata"].get("namespace") or ""), str(obj["metadata"]["name"]))
            for served, obj in found
        ]
        if not review.dry_run:
            self._lock(intent, frozenset(keys))
        ops: list[Op] = []
        for (served, obj), key in zip(found, keys, strict=True):
            revision = int(obj["metadata"]["resourceVersion"])
            stored, kind = served.to_work(metadata.copy(obj)), served.working
            record = served.collection.records.get(key) if served.collection is not None else None
            if record is not None and record.revision == revision:  # else the store refuses the commit
                old = served.as_worked(record.decode())
                _drop_nulls(stored)
                _drop_nulls(old)
                stamps.keep_old(stored["metadata"], old["metadata"], kind, str(old["metadata"]["name"]))
                served.working_schema.default(stored)
                if kind.generation:
                    stamps.bump_generation(stored, old, kind)
                served.working_schema.complete(stored, old)
                sub = "status" if kind.status and stored.get("status") != old.get("status") else ""
                self.managed_fields.updated(Intent(served, "", "", intent.user, sub, manager="sampan"), stored, old)
            ops.append(encoding.put(served, self.cache, key, stored, revision))
        return ops

    def _by_kind(self, obj: Object) -> Served:
        group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
        served = self.registry.by_kind(group, version, str(obj.get("kind", "")))
        if served is None:
            raise BadRequest(f"{obj.get('kind')} of {obj.get('apiVersion')} is not served here")
        return served

    def _lock(self, intent: Intent, keys: frozenset[str]) -> None:
        if intent.lock is not None and keys <= intent.lock.keys:
            return
        self._unlock(intent)
        intent.lock = self._locks.take(keys)
        if intent.lock is None:
            raise NeedsLock(keys)

    def _unlock(self, intent: Intent) -> None:
        if intent.lock is not None:
            intent.lock.release()
            intent.lock = None


def _is_more(review: Review) -> bool:
    """Whether admission writes more than the object itself."""
    return bool(review.also_create or review.also_delete or review.also_update)


def _is_outdated(served: Served, record: Record) -> bool:
    """Whether an object is stored in a version that is not the stored one any more, or in another form than its schema
    gives it now: then any update writes it, even one that changes nothing."""
    return record.stored is not None or not record.body.startswith(head_of(served.stored))


def _leave(obj: Object) -> None:
    """In the place of defaults."""


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


def _keep_others(intent: Intent, obj: Object, old: Object) -> None:
    """Keep what is written by another (sub)resource than the request's."""
    kind = intent.served.working
    if intent.subresource == "status":
        _status_only(obj, old)
        if not kind.status_metadata:
            for key in ("labels", "annotations", "finalizers"):
                _keep(obj["metadata"], old["metadata"], key)
        elif not kind.status_labels:
            _keep(obj["metadata"], old["metadata"], "labels")
        return
    if intent.subresource:
        return
    for key in (*kind.unmanaged, "status") if kind.status else kind.unmanaged:
        _keep(obj, old, key)


def _status_only(obj: Object, old: Object) -> None:
    """A write to /status changes status, labels, annotations, finalizers and managed fields, nothing else."""
    for key in obj.keys() | old.keys():
        if key not in ("metadata", "status"):
            _keep(obj, old, key)
    if "ownerReferences" in old["metadata"]:
        obj["metadata"]["ownerReferences"] = old["metadata"]["ownerReferences"]
    else:
        obj["metadata"].pop("ownerReferences", None)
