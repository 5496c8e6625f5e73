"""DELETE: preconditions, graceful deletion, finalizers, propagation. A write like those of ``writes``.

Source: API concepts, "Object deletion" and "Finalizers"; apimachinery registry/rest (BeforeDelete).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sampan.contracts.kinds import Deletion, Kind, Object, Resource
from sampan.contracts.store import Delete, Op, Stale
from sampan.errors import BadRequest, Conflict
from sampan_machinery.problems import invalid, unsupported_in_order
from sampan_server.cache.records import Record, fill_revision
from sampan_server.request import encoding
from sampan_server.request.options import dry_run_problems, refuse
from sampan_server.request.statuses import conflict, not_found
from sampan_server.write import stamps
from sampan_server.write.intent import Intent
from sampan_server.write.writes import ATTEMPTS, Write, Writer, Written

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
POLICIES = {"Foreground": FOREGROUND, "Background": "", "Orphan": ORPHAN}  # in the order that messages name them


class Options(NamedTuple):
    """DeleteOptions, checked."""

    grace: int | None = None
    policy: str = ""  # Background, Foreground, Orphan or "" where the client says nothing
    uid: str = ""
    revision: str = ""
    dry_run: bool = False
    cascading: bool = False  # orphanDependents: false, the old way to ask that dependents go first


def read_options(body: Object) -> Options:
    """DeleteOptions in JSON shape, checked; raises BadRequest or Invalid."""
    grace = body.get("gracePeriodSeconds")
    if grace is not None and (not isinstance(grace, int) or isinstance(grace, bool)):
        raise BadRequest("gracePeriodSeconds must be a whole number")
    if grace is not None and grace < 0:
        grace = 1  # as upstream: a negative period is the shortest there is
    policy, orphan, dry = body.get("propagationPolicy"), body.get("orphanDependents"), body.get("dryRun") or ()
    wanted = body.get("preconditions") or {}
    if not isinstance(wanted, dict) or not isinstance(dry, list | tuple):
        raise BadRequest("preconditions must be an object, and dryRun a list")
    found = []
    if orphan is not None and policy is not None:
        found.append(
            invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set")
        )
    if policy is not None and policy not in POLICIES:
        found.append(unsupported_in_order("propagationPolicy", policy, (*POLICIES, "nil")))
    refuse("DeleteOptions", [*found, *dry_run_problems(dry)])
    if orphan is not None:
        policy = "Orphan" if orphan else "Background"
    uid, revision = str(wanted.get("uid") or ""), str(wanted.get("resourceVersion") or "")
    return Options(grace, policy or "", uid, revision, bool(dry), orphan is False)


class Deleter:
    """Removes objects, or begins to."""

    def __init__(self, writer: Writer, clock: Callable[[], float]) -> None:
        self._writer = writer
        self._clock = clock

    def delete(self, intent: Intent, options: Options) -> Write:
        return self._writer.settled(intent, lambda: self._delete(intent, options))

    def _delete(self, intent: Intent, options: Options) -> Write:
        served, kind = intent.served, intent.served.working
        assert served.collection is not None
        key = served.key(intent.namespace, intent.name)
        for _ in range(ATTEMPTS):
            record = served.collection.records.get(key)
            if record is None:
                raise not_found(served.resource, intent.name)
            old = served.as_worked(record.decode())
            _check(intent, options, old)
            review = yield from self._writer.review_only(intent, "DELETE", old)
            kept = self._kept(kind, options, served.as_worked(record.decode()))
            as_it_is = kept is not None and kept == old
            without = as_it_is or intent.dry_run or options.dry_run
            if without and not (yield from self._writer.is_newest(served, key, record)):
                continue
            if as_it_is:
                return Written(record.body, key=key, revision=record.revision)
            beside = self._writer.beside(intent, review, key)
            ops: list[Op]
            if kept is None:
                value = b""
                ops = [Delete(key, record.revision), *beside]
            else:
                main = encoding.put(served, self._writer.cache, key, kept, record.revision)
                value = main.value
                ops = [main, *beside]
            if intent.dry_run or options.dry_run:
                body = (
                    fill_revision(value, record.revision)
                    if kept is not None
                    else self._gone(kind, old, record, record.revision)
                )
                return Written(body, deleted=kept is None, key=key, revision=record.revision)
            try:
                revision = yield ops
            except Stale:
                continue
            body = fill_revision(value, revision) if kept is not None else self._gone(kind, old, record, revision)
            return Written(body, deleted=kept is None, key=key, revision=revision)
        raise conflict(served.resource, intent.name)

    def _gone(self, kind: Kind, old: Object, record: Record, revision: int) -> bytes:
        """What an object looks like that went at once; one that could have had a period is shown marked."""
        if kind.grace is None or old["metadata"].get("deletionTimestamp"):
            return record.moved(revision).body
        meta = old["metadata"]
        meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"] = stamps.timestamp(self._clock()), 0
        if meta.get("generation"):
            meta["generation"] += 1
        meta["resourceVersion"] = str(revision)
        return encoding.encode_json(old)

    def _kept(self, kind: Kind, options: Options, obj: Object) -> Object | None:
        """The object as it stays while it is being deleted, or None when it goes at once."""
        meta = obj["metadata"]
        finalizers = _finalizers(kind, options.policy, list(meta.get("finalizers") or ()))
        seconds = kind.grace(Deletion(obj, options.grace)) if kind.grace else 0
        _set(meta, "finalizers", finalizers)
        if meta.get("deletionTimestamp"):
            return self._shortened(kind, options, obj, seconds)
        if not finalizers and seconds <= 0 and not kind.held(obj):
            return None
        meta["deletionTimestamp"] = stamps.timestamp(self._clock() + max(seconds, 0))
        meta["deletionGracePeriodSeconds"] = max(seconds, 0)
        if meta.get("generation"):
            meta["generation"] += 1
        kind.terminate(obj)
        return obj

    def _shortened(self, kind: Kind, options: Options, obj: Object, seconds: int) -> Object | None:
        """Already being deleted: a shorter period counts, a longer one does not."""
        meta = obj["metadata"]
        present = meta.get("deletionGracePeriodSeconds") or 0
        if kind.grace and options.grace is not None and seconds < present:
            meta["deletionGracePeriodSeconds"] = max(seconds, 0)
            meta["deletionTimestamp"] = stamps.timestamp(self._clock() + max(seconds, 0))
            present = max(seconds, 0)
        if not meta.get("finalizers") and present <= 0 and not kind.held(obj):
            return None
        return obj


def _check(intent: Intent, options: Options, old: Object) -> None:
    meta, resource = old["metadata"], intent.served.stored.resource  # as what is stored it is told
    if options.uid and options.uid != meta.get("uid"):
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({meta.get('uid')}). "
            f"The object might have been deleted and then recreated"
        )
        raise _unmet(resource, intent.name, why)
    if options.revision and options.revision != meta.get("resourceVersion"):
        why = (
            f"the ResourceVersion in the precondition ({options.revision}) does not match the ResourceVersion in "
            f"record ({meta.get('resourceVersion')}). The object might have been modified"
        )
        raise _unmet(resource, intent.name, why)


def _unmet(resource: Resource, name: str, why: str) -> Conflict:
    """A precondition that does not hold is told with the kind's name, where other conflicts have the plural."""
    full = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    text = f'Operation cannot be fulfilled on {full} "{name}": {why}'
    return Conflict(text, group=resource.group, kind=resource.kind, name=name)


def _finalizers(kind: Kind, policy: str, present: list[str]) -> list[str]:
    """The object's finalizers once the policy is in force; one already there wins over the kind's default."""
    if not kind.propagation:
        return present
    if not policy:
        if ORPHAN in present or FOREGROUND in present:
            return present
        policy = kind.propagation
    wanted = POLICIES[policy]
    rest = [name for name in present if name not in (ORPHAN, FOREGROUND)]
    return [*rest, wanted] if wanted else rest


def _set(meta: Object, key: str, value: list[str]) -> None:
    if value:
        meta[key] = value
    else:
        meta.pop(key, None)
