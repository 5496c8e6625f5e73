"""Performs a decision's actions through the client, and records the events of each."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.reconciling import Action, Create, Emit, Patch, Remove, Requeue, Update
from sampan.errors import Forbidden, NotFound, StatusError
from sampan_client import Client


class EventSink(Protocol):
    """Where events go; ``sampan_client.events.Recorder`` is one."""

    def event(self, about: Object, type: str, reason: str, message: str, *, component: str = "") -> None: ...


class Write(NamedTuple):
    """A write that the informer must show before the next decision."""

    resource: Resource
    namespace: str
    name: str
    revision: str  # "" for a deletion
    uid: str


class Performer:
    """``writes`` and ``requeue`` hold the results, also if ``perform`` has raised midway."""

    def __init__(self, client: Client, events: EventSink, component: str = "", *, burst: int = 1) -> None:
        """``burst``: most creations, or deletions, of one decision that are under way at the same time."""
        self._burst = burst
        self.writes: list[Write] = []
        self.requeue: float | None = None
        self._client = client
        self._events = events
        self._component = component

    def perform(self, actions: Iterable[Action]) -> None:
        """Perform the actions in order; stops at the first failure and raises it.

        Creations of one kind that follow each other, or deletions, go in batches: one, two, four and so on. So the
        first failure stops the rest early, and a thousand pods do not wait for one commit each. Source: upstream's
        slow start.
        """
        for _, group in itertools.groupby(actions, _batch_of):
            batch = list(group)
            size = 1
            while batch:
                self._together(batch[:size])
                batch, size = batch[size:], min(size * 2, self._burst)

    def _together(self, batch: Sequence[Action]) -> None:
        if len(batch) == 1:
            self._one(batch[0])
            return
        from concurrent.futures import ThreadPoolExecutor  # an idle control plane does without

        with ThreadPoolExecutor(len(batch), "burst") as pool:
            started = [pool.submit(self._one, each) for each in batch]
        for each in started:
            each.result()  # raises the first failure, once all have ended

    def _one(self, action: Action) -> None:
        match action:
            case Create():
                self._create(action)
            case Update():
                self._wrote(
                    action.resource, self._client.update(action.resource, action.object, subresource=action.subresource)
                )
            case Patch():
                found = self._client.patch(
                    action.resource, action.name, action.patch, action.namespace, how=action.how,
                    subresource=action.subresource,
                )  # fmt: skip
                self._wrote(action.resource, found)
            case Remove():
                self._remove(action)
            case Emit():
                self._emit(action.about, action.type, action.reason, action.message)
            case Requeue():
                self.requeue = action.after if self.requeue is None else min(self.requeue, action.after)

    def _create(self, action: Create) -> None:
        kind = action.resource.kind.lower()
        try:
            made = self._client.create(action.resource, action.object)
        except StatusError as error:
            if not ends_with_namespace(error):
                if action.event_on is not None:
                    self._emit(action.event_on, "Warning", "FailedCreate", f"Error creating: {error}")
                if action.on_failure is not None:
                    self.perform(action.on_failure(error))
            raise
        self._wrote(action.resource, made)
        if action.event_on is not None:
            text = f"Created {kind}: {made['metadata']['name']}"
            self._emit(action.event_on, "Normal", "SuccessfulCreate", text)

    def _remove(self, action: Remove) -> None:
        kind = action.resource.kind.lower()
        try:
            self._client.delete(
                action.resource, action.name, action.namespace, uid=action.uid,
                resource_version=action.resource_version, propagation=action.propagation, grace=action.grace,
            )  # fmt: skip
        except NotFound:
            return
        except StatusError as error:
            if action.event_on is not None:
                self._emit(action.event_on, "Warning", "FailedDelete", f"Error deleting: {error}")
            raise
        self.writes.append(Write(action.resource, action.namespace, action.name, "", action.uid))
        if action.event_on is not None:
            self._emit(action.event_on, "Normal", "SuccessfulDelete", f"Deleted {kind}: {action.name}")

    def _emit(self, about: Object, type: str, reason: str, message: str) -> None:
        self._events.event(about, type, reason, message, component=self._component)

    def _wrote(self, resource: Resource, obj: Object) -> None:
        metadata = obj.get("metadata") or {}
        if metadata.get("name") and obj.get("kind") == resource.kind:  # not a Scale, Binding or Status
            place = metadata.get("namespace", ""), metadata["name"]
            self.writes.append(Write(resource, *place, metadata.get("resourceVersion", ""), metadata.get("uid", "")))


def _batch_of(action: Action) -> object:
    """What a batch is made of; every other action is one of its own."""
    return (type(action), action.resource) if isinstance(action, Create | Remove) else object()


def ends_with_namespace(error: StatusError) -> bool:
    """Whether a create was refused because its namespace is terminating: no event and no retry."""
    return isinstance(error, Forbidden) and any(cause.reason == "NamespaceTerminating" for cause in error.causes)


class NoEvents:
    """An EventSink that discards events."""

    def event(self, about: Object, type: str, reason: str, message: str, *, component: str = "") -> None:
        return None


class Expectations:
    """Expectations, as upstream: a key is not decided again until the informers show the writes of its last
    decision."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[object, tuple[float, list[Write]]] = {}

    def expect(self, item: object, writes: list[Write], until: float) -> None:
        with self._lock:
            if writes:
                self._pending[item] = until, writes
            else:
                self._pending.pop(item, None)

    def pending(self, item: object, now: float, seen: SeenWrites) -> bool:
        """Whether a write is still expected; removes those that the informers show."""
        with self._lock:
            until, writes = self._pending.get(item, (0.0, []))
            left = [write for write in writes if not seen(write)] if now < until else []
            if left:
                self._pending[item] = until, left
            else:
                self._pending.pop(item, None)
            return bool(left)


class SeenWrites(Protocol):
    """Whether the informers show a write."""

    def __call__(self, write: Write) -> bool: ...
