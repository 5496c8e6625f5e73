"""Applies Works on members, puts back what drifts, and writes the status of Works."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from typing import cast

from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound, StatusError
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.execution import conditions
from sampan_federation.execution.applying import MemberObjects, words_of
from sampan_federation.execution.conditions import Outcome, clean
from sampan_federation.execution.corrections import Corrections
from sampan_federation.execution.deciding import prepared
from sampan_federation.execution.discovery import Discovery
from sampan_federation.execution.watches import MemberWatches, WorkKey
from sampan_federation.interpreter.kinds import KindName, kind_of
from sampan_federation.interpreter.rules import RuleFailed
from sampan_federation.resources import CLUSTERS, WORKS
from sampan_federation.works.names import WORK_FINALIZER, cluster_of
from sampan_machinery.metadata import (
    annotations_of,
    condition_is,
    has_finalizer,
    is_deleting,
    now_text,
    remove_finalizer,
)

log = logging.getLogger(__name__)

WORKERS = 8
EACH_MEMBER = 2  # Works of one member that are applied at the same time, so that a slow one leaves workers for others
BUSY = 0.1  # seconds until a Work of a busy member is looked at again
UNREACHABLE = 3.0  # seconds until a member that does not answer, but is not known to be lost, is tried again
REFUSED = 30.0  # seconds until a member that refuses an object is asked again


class Execution:
    """Satisfies ``Controller``. Keys: (namespace, name) of a Work."""

    name = "execution"
    workers = WORKERS

    def __init__(self, context: Context, *, pushes: Callable[[Object], bool] | None = None) -> None:
        """``pushes``: whether this process applies on that member; by default on those in push mode."""
        self._context, self._interpreter, self._pushes = context, context.interpreter, pushes or is_pushed
        self._works = context.caches.of(WORKS)
        self._lock = threading.Lock()
        self._members: dict[str, _Member] = {}
        self._corrections = Corrections(context.clock)
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._works.on_change(self._changed)
        self._context.caches.of(CLUSTERS).on_change(self._cluster_changed)

    def handle(self, key: Hashable) -> float | None:
        namespace, name = cast(WorkKey, key)
        work = self._works.get(name, namespace)
        cluster = cluster_of(namespace)
        if work is None or not cluster:
            return None
        member_object = self._context.members.get(cluster)
        if is_deleting(work):
            return self._delete(work, cluster, member_object)
        if member_object is None or not self._pushes(member_object):
            return None
        if (work.get("spec") or {}).get("suspendDispatching"):
            self._write_status(work, conditions.suspended(work, self._now()))
            return None
        if not is_ready(member_object):
            return None  # it is enqueued again when the member is back
        with _slot(self._member(cluster)) as member:
            return BUSY if member is None else self._apply(work, cluster, member)

    def close(self) -> None:
        with self._lock:
            members, self._members = list(self._members.values()), {}
        for member in members:
            member.close()

    # -- applying

    def _apply(self, work: Object, cluster: str, member: _Member) -> float | None:
        again: list[float] = []
        try:
            objects = member.objects(self._context.members.client(cluster))
            outcomes = [
                self._apply_one(work, ordinal, manifest, member, objects, again)
                for ordinal, manifest in enumerate(manifests_of(work))
            ]
            self._remove_former(work, member, objects)
        except ConnectionError as error:
            log.debug("%s/%s waits for its member: %s", work["metadata"]["namespace"], work["metadata"]["name"], error)
            return UNREACHABLE
        self._write_status(work, conditions.applied(work, outcomes, self._now()))
        return min(again, default=None)

    def _apply_one(
        self, work: Object, ordinal: int, manifest: Object, member: _Member, objects: MemberObjects, again: list[float]
    ) -> Outcome:  # fmt: skip
        """Connections that fail are raised; what the member refuses is the outcome."""
        resource: Resource | None = None
        key = (*_key(work), ordinal)
        try:
            wanted = prepared(manifest, work)
            resource = member.discovery.resource_of(objects.client, kind_of(manifest))
            result = objects.apply(
                resource, wanted, self._interpreter.retain,
                may_correct=lambda: self._may_correct(key, again),
            )  # fmt: skip
        except (StatusError, RuleFailed) as error:
            again.append(REFUSED)
            self._context.recorder.event(work, "Warning", "SyncFailed", clean(words_of(error)))
            return Outcome(ordinal, manifest, resource, error=words_of(error))
        if result.refused:
            self._context.recorder.event(work, "Warning", "SyncFailed", clean(result.refused))
            return Outcome(ordinal, manifest, resource, error=result.refused)
        if result.corrected:
            paths = clean(", ".join(result.corrected))
            self._context.recorder.event(work, "Normal", "DriftPutBack", f"put back on the member: {paths}")
        observed = result.observed
        if observed is None:
            return Outcome(ordinal, manifest, resource)
        return Outcome(
            ordinal, manifest, resource, drifted=result.drifted or (),
            status=self._reflected(observed), health=self._interpreter.health(observed),
        )  # fmt: skip

    def _may_correct(self, key: Hashable, again: list[float]) -> bool:
        pause = self._corrections.pause(key)
        if pause:
            again.append(pause)
        return not pause

    def _reflected(self, observed: Object) -> object:
        try:
            return self._interpreter.reflect(observed)
        except RuleFailed as error:
            log.debug("a status is not reported: %s", error)
            return None

    def _remove_former(self, work: Object, member: _Member, objects: MemberObjects) -> None:
        """Delete what an earlier version of the Work has put on the member, and this one does not have."""
        present = {(*kind_of(each), *_place(each["metadata"])) for each in manifests_of(work)}
        for status in (work.get("status") or {}).get("manifestStatuses") or ():
            identifier = status["identifier"]
            kind = KindName(
                "/".join(filter(None, (identifier.get("group"), identifier["version"]))), identifier["kind"]
            )
            if (*kind, *_place(identifier)) not in present:
                metadata = {"name": identifier["name"], "namespace": identifier.get("namespace", "")}
                former = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
                self._remove(former, work, member, objects)

    def _remove(self, manifest: Object, work: Object, member: _Member, objects: MemberObjects) -> None:
        try:
            resource = member.discovery.resource_of(objects.client, kind_of(manifest))
        except NotFound:
            return  # the kind is gone, and its objects with it
        objects.delete(resource, prepared(manifest, work))

    # -- deleting

    def _delete(self, work: Object, cluster: str, member_object: Object | None) -> float | None:
        if not has_finalizer(work, WORK_FINALIZER):
            return None
        if member_object is not None and self._pushes(member_object) and not is_deleting(member_object):
            if not is_ready(member_object):
                return None  # what is on a lost member is deleted when it is back
            with _slot(self._member(cluster)) as member:
                if member is None:
                    return BUSY
                try:
                    self._delete_from(work, member, member.objects(self._context.members.client(cluster)))
                except ConnectionError:
                    return UNREACHABLE
        elif member_object is not None and not self._pushes(member_object) and not is_deleting(member_object):
            return None  # the member's agent does it
        changed = {**work, "metadata": dict(work["metadata"])}
        remove_finalizer(changed, WORK_FINALIZER)
        try:
            self._context.host.update(WORKS, changed)
        except NotFound:
            return None
        return None

    def _delete_from(self, work: Object, member: _Member, objects: MemberObjects) -> None:
        preserves = bool((work.get("spec") or {}).get("preserveResourcesOnDeletion"))
        for manifest in manifests_of(work):
            if not preserves:
                self._remove(manifest, work, member, objects)
                continue
            try:
                resource = member.discovery.resource_of(objects.client, kind_of(manifest))
            except NotFound:
                continue
            objects.release(resource, prepared(manifest, work))

    # -- what changes

    def _changed(self, old: Object | None, new: Object | None) -> None:
        work = new or old
        assert work is not None
        cluster = cluster_of(work["metadata"].get("namespace", ""))
        if not cluster:
            return
        self._member(cluster).follow(old, new, self._works.list)
        if old is None or new is None or _matters(old) != _matters(new):
            self._enqueue(_key(work))

    def _cluster_changed(self, old: Object | None, new: Object | None) -> None:
        if new is None:
            assert old is not None
            with self._lock:
                gone = self._members.pop(old["metadata"]["name"], None)
            if gone is not None:
                gone.close()
            self._enqueue_all(old["metadata"]["name"])
        elif old is None or is_ready(old) != is_ready(new) or _address(old) != _address(new):
            self._enqueue_all(new["metadata"]["name"])

    def _enqueue_all(self, cluster: str) -> None:
        for work in self._works.list(f"karmada-es-{cluster}"):
            self._enqueue(_key(work))

    def _member(self, cluster: str) -> _Member:
        with self._lock:
            member = self._members.get(cluster)
            if member is None:
                member = self._members[cluster] = _Member(cluster, self._context.clock, lambda key: self._enqueue(key))
            return member

    # -- writing

    def _write_status(self, work: Object, status: Object | None) -> None:
        if status is None:
            return
        metadata = work["metadata"]
        try:
            self._context.host.patch(
                WORKS, metadata["name"], {"status": status}, metadata["namespace"], subresource="status"
            )
        except NotFound:
            return  # deleted meanwhile

    def _now(self) -> str:
        return now_text(self._context.clock())


class _Member:
    """What is kept of one member."""

    def __init__(self, cluster: str, ticks: Callable[[], float], on_work: Callable[[WorkKey], None]) -> None:
        self.discovery = Discovery(ticks)
        self._namespace, self._on_work = f"karmada-es-{cluster}", on_work
        self._lock = threading.Lock()
        self._objects: MemberObjects | None = None
        self._kinds: Counter[KindName] = Counter()
        self._active = 0

    def objects(self, client: object) -> MemberObjects:
        """By this client; a client that has been replaced ends its watches."""
        with self._lock:
            present = self._objects
            if present is not None and present.client is client:
                return present
            watches = MemberWatches(self._namespace, client, self._on_work)  # type: ignore[arg-type]
            made = self._objects = MemberObjects(client, watches)  # type: ignore[arg-type]
        if present is not None:
            present.watches.close()
        return made

    def follow(self, old: Object | None, new: Object | None, works: Callable[[str], list[Object]]) -> None:
        """Follow which kinds the member's Works have: others are not watched. ``works``: of a namespace."""
        before, after = _kinds(old), _kinds(new)
        if before <= after:
            self._kinds |= after
            return
        kinds = self._kinds = Counter(kind_of(each) for work in works(self._namespace) for each in manifests_of(work))
        objects = self._objects
        if objects is not None:
            objects.watches.keep_only(kinds)

    def acquire(self) -> bool:
        with self._lock:
            if self._active >= EACH_MEMBER:
                return False
            self._active += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self._active -= 1

    def close(self) -> None:
        with self._lock:
            objects, self._objects = self._objects, None
        if objects is not None:
            objects.watches.close()


class _slot:
    """A place among the Works of one member that are applied at the same time; None: there is none now."""

    def __init__(self, member: _Member) -> None:
        self._member = member
        self._held = False

    def __enter__(self) -> _Member | None:
        self._held = self._member.acquire()
        return self._member if self._held else None

    def __exit__(self, *_: object) -> None:
        if self._held:
            self._member.leave()


def manifests_of(work: Object) -> list[Object]:
    return list(((work.get("spec") or {}).get("workload") or {}).get("manifests") or ())


def is_pushed(cluster: Object) -> bool:
    return (cluster.get("spec") or {}).get("syncMode") != "Pull"


def is_ready(cluster: Object) -> bool:
    return condition_is(cluster.get("status"), "Ready")


def _kinds(work: Object | None) -> Counter[KindName]:
    return Counter(kind_of(each) for each in manifests_of(work)) if work is not None else Counter()


def _key(work: Object) -> WorkKey:
    return work["metadata"]["namespace"], work["metadata"]["name"]


def _place(holder: Object) -> Iterator[str]:
    yield holder.get("namespace") or ""
    yield holder["name"]


def _matters(work: Object) -> object:
    """What of a Work makes it be applied again; not its status."""
    metadata = work["metadata"]
    return metadata.get("uid"), metadata.get("generation"), metadata.get("deletionTimestamp"), annotations_of(work)


def _address(cluster: Object) -> object:
    return cluster.get("spec")
