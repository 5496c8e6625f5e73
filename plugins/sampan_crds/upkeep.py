"""The duty that keeps definitions up: writes their status, and removes the instances of those that are deleted.

Every server does it; what another has done already is nothing to do. Source: apiextensions-apiserver,
pkg/controller/finalizer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.serving import Cluster
from sampan.errors import NotFound, StatusError
from sampan_crds import status
from sampan_crds.definitions import (
    ESTABLISHED,
    FINALIZER,
    TERMINATING,
    accepted_of,
    group_of,
    is_deleting,
    is_namespaced,
    is_true,
    says,
    set_condition,
    versions_of,
)
from sampan_crds.source import CustomResources, Outcome
from sampan_machinery.resources import CUSTOM_RESOURCE_DEFINITIONS

log = logging.getLogger(__name__)

AGAIN = 1.0  # seconds until what failed, and instances that others hold by finalizers, are looked at again
SOON = 0.05  # the same while instances go
PATIENCE = 60.0  # seconds until it is said that instances are still there
_IN_PROGRESS = {
    "type": TERMINATING, "status": "True", "reason": "InstanceDeletionInProgress",
    "message": "CustomResource deletion is in progress",
}  # fmt: skip
_FAILED = {"type": TERMINATING, "status": "True", "reason": "InstanceDeletionFailed"}  # and a message
_MOST_SAID = 5  # different failures that a message names
_CHECK = {
    "type": TERMINATING, "status": "True", "reason": "InstanceDeletionCheck",
    "message": "could not confirm zero CustomResources remaining: timed out waiting for the condition",
}  # fmt: skip
_NEVER = {
    "type": TERMINATING, "status": "False", "reason": "NeverEstablished", "message": "resource was never established",
}  # fmt: skip
_COMPLETED = {
    "type": TERMINATING, "status": "False", "reason": "InstanceDeletionCompleted", "message": "removed all instances",
}  # fmt: skip


class Upkeep:
    """Of one server."""

    def __init__(
        self,
        cluster: Cluster,
        source: CustomResources,
        close: Callable[[], None] = lambda: None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``close`` is called at the end of ``run``."""
        self._cluster, self._source, self._close, self._clock = cluster, source, close, clock
        #: Definitions of which everything has been said, at their revisions and what became of them.
        self._settled: dict[str, tuple[int | None, Outcome]] = {}
        #: Definitions of which all instances have been deleted and some are still there, and since when.
        self._waiting: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        pause: float | None = None
        told = self._source.told
        threading.Thread(target=_wake_at, args=(stop, told), name="crds-stop", daemon=True).start()
        try:
            while not stop.is_set():
                told.wait(pause)
                told.clear()
                if not stop.is_set():
                    pause = self.look()
        finally:
            self._close()

    def look(self) -> float | None:
        """Everything once; in how many seconds it is to be looked at again without being told, None for never."""
        waits: list[float] = []
        outcomes, revisions = self._source.outcomes, self._cluster.revisions(CUSTOM_RESOURCE_DEFINITIONS)
        self._settled = {name: seen for name, seen in self._settled.items() if name in outcomes}
        self._waiting = {name: since for name, since in self._waiting.items() if name in outcomes}
        for name, outcome in outcomes.items():
            seen = revisions.get(("", name)), outcome
            if self._settled.get(name) == seen:
                continue  # as it was, so there is nothing to decode
            try:
                wait = self._keep(name, outcome)
            except StatusError as error:
                log.warning("the status of %s cannot be written: %s", name, error)
                wait = AGAIN
            if wait is None:
                self._settled[name] = seen
            else:
                waits.append(wait)
        return min(waits, default=None)

    def _keep(self, name: str, outcome: Outcome) -> float | None:
        crd = self._cluster.get(CUSTOM_RESOURCE_DEFINITIONS, name)
        if crd is None:
            return None
        if is_deleting(crd):
            return self._empty(crd) if FINALIZER in (crd["metadata"].get("finalizers") or ()) else None
        if self._decided(crd, outcome) is not None:
            self._write(name, lambda now: None if is_deleting(now) else self._decided(now, outcome))
        return None

    def _decided(self, crd: Object, outcome: Outcome) -> Object | None:
        naming, is_served, wrong = outcome
        return status.decide(crd, naming, is_served=is_served, wrong=wrong, now=self._now())

    def _empty(self, crd: Object) -> float | None:
        """Delete the instances, and let the definition go once there are none."""
        name = crd["metadata"]["name"]
        if not is_true(crd, ESTABLISHED):
            self._finish(name, _NEVER)
            return None
        resource = instances_of(crd)
        if resource is not None:
            if not any(says(crd, each) for each in (_IN_PROGRESS, _CHECK, _FAILED)):
                self._say(crd, _IN_PROGRESS)
            if self._cluster.revisions(resource):
                return self._empty_of(crd, resource)
        self._finish(name, _COMPLETED)
        return None

    def _empty_of(self, crd: Object, resource: Resource) -> float:
        """Delete what is there, and say what came of it."""
        name, now = crd["metadata"]["name"], self._clock()
        deleted, failed = self._delete_all(resource)
        if failed:
            self._say(crd, {**_FAILED, "message": failed})
            return AGAIN
        if deleted:
            self._waiting.pop(name, None)
        waited = now - self._waiting.setdefault(name, now)
        self._say(crd, _CHECK if waited >= PATIENCE else _IN_PROGRESS)
        return SOON if deleted else AGAIN

    def _delete_all(self, resource: Resource) -> tuple[bool, str]:
        """Whether something was deleted, and what went wrong; what was deleted before and is still there waits for its
        finalizers."""
        found = False
        failed: list[str] = []
        try:
            instances = self._cluster.list(resource)
        except StatusError as error:
            return False, f"could not list instances: {error}"
        for instance in instances:
            meta = instance["metadata"]
            if meta.get("deletionTimestamp"):
                continue
            try:
                self._cluster.delete(resource, meta["name"], meta.get("namespace") or "")
                found = True
            except NotFound:
                continue
            except StatusError as error:
                if str(error) not in failed and len(failed) < _MOST_SAID:
                    failed.append(str(error))
        if failed:
            said = failed[0] if len(failed) == 1 else f"[{', '.join(failed)}]"
            return found, f"could not issue all deletes: {said}"
        return found, ""

    def _say(self, crd: Object, condition: Object) -> None:
        """Write the condition where it is another."""
        if not says(crd, condition):
            self._write(crd["metadata"]["name"], lambda now: self._with(now, condition))

    def _finish(self, name: str, why: Object) -> None:
        def change(now: Object) -> Object:
            meta = now["metadata"]
            meta["finalizers"] = [each for each in meta.get("finalizers") or () if each != FINALIZER]
            return self._with(now, why)

        self._write(name, change)

    def _with(self, crd: Object, condition: Object) -> Object:
        set_condition(crd, condition, self._now())
        return crd

    def _write(self, name: str, change: Callable[[Object], Object | None]) -> None:
        try:
            self._cluster.update(CUSTOM_RESOURCE_DEFINITIONS, name, "", change, subresource="status")
        except NotFound:
            return  # it has gone meanwhile

    def _now(self) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))


def instances_of(crd: Object) -> Resource | None:
    """By which version the instances can be read: the storage version, or any other that is served; None where none
    is."""
    served = [each for each in versions_of(crd) if each.get("served")]
    served.sort(key=lambda version: not version.get("storage"))
    if not served:
        return None
    names = accepted_of(crd)
    return Resource(group_of(crd), str(served[0]["name"]), names["plural"], names["kind"], is_namespaced(crd))


def _wake_at(stop: threading.Event, told: threading.Event) -> None:
    stop.wait()
    told.set()
