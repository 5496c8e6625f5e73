"""A simulated cluster in a dict: reconcilers decide, ``World`` applies their actions, and tests advance the time.

For tests of pure deciders: no threads, no server, deterministic for a seed. The world implements the rules that
deciders rely on (resourceVersion conflicts, generation, uids, status apart from spec, generated names, finalizers,
owner references) and nothing else: no admission, no validation.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.reconciling import (
    Action,
    Create,
    Emit,
    Key,
    Patch,
    Reconciler,
    Remove,
    Requeue,
    Update,
)
from sampan.errors import AlreadyExists, Conflict, NotFound, StatusError
from sampan_machinery.metadata import controller_of, copy, is_owned_by, key_of, now_text
from sampan_machinery.patches import strategic

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_MOST_ROUNDS = 500


class World:
    """Satisfies Observed. ``refuse(action)`` may return an error; then the write fails with it."""

    def __init__(self, *, seed: int = 1, now: float = 1_700_000_000.0) -> None:
        self.now = now
        self.events: list[tuple[str, str]] = []  # (reason, message)
        self.wakes: list[float] = []  # delays requested by deciders
        self.refuse: Callable[[Action], StatusError | None] = lambda action: None
        self._objects: dict[tuple[Resource, str, str], Object] = {}
        self._revision = 0
        self._random = random.Random(seed)

    # Observed

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        return self._objects.get((resource, namespace, name))

    def list(self, resource: Resource, namespace: str = "") -> Sequence[Object]:
        return [obj for (kind, where, _), obj in self._objects.items() if kind == resource and namespace in ("", where)]

    def owned(self, resource: Resource, uid: str) -> Sequence[Object]:
        return [obj for obj in self.list(resource) if is_owned_by(obj, uid)]

    def claimable(self, resource: Resource, uid: str, namespace: str) -> Sequence[Object]:
        return [obj for obj in self.list(resource, namespace) if is_owned_by(obj, uid) or controller_of(obj) is None]

    def name_suffix(self, length: int = 5) -> str:
        return "".join(self._random.choices(_LETTERS, k=length))

    # Writes

    def create(self, resource: Resource, obj: Object) -> Object:
        made = copy(obj)
        metadata = made["metadata"]
        namespace, name = key_of(made)
        if not name:
            name = metadata["name"] = metadata["generateName"] + self.name_suffix()
        if (resource, namespace, name) in self._objects:
            raise AlreadyExists(f"{resource.plural} {name!r} already exists")
        metadata.update(uid=f"uid-{self._revision + 1}", creationTimestamp=now_text(self.now), generation=1)
        made.update(kind=resource.kind, apiVersion=resource.api_version)
        return self._put(resource, made)

    def update(self, resource: Resource, obj: Object, subresource: str = "") -> Object:
        namespace, name = key_of(obj)
        old = self._present(resource, name, namespace)
        given = obj["metadata"].get("resourceVersion")
        if given and given != old["metadata"]["resourceVersion"]:
            raise Conflict(f"{resource.plural} {name!r} has changed")
        if subresource == "status":
            fresh = {**old, "status": copy(obj.get("status") or {})}
        else:
            fresh = copy(obj)
            fresh.pop("status", None)
            if "status" in old:
                fresh["status"] = old["status"]
            fresh["metadata"] = {**fresh["metadata"], "generation": old["metadata"]["generation"]}
            if _substance(fresh) != _substance(old):
                fresh["metadata"]["generation"] += 1
        if fresh == old:
            return old
        before, after = old["metadata"].get("finalizers"), fresh["metadata"].get("finalizers")
        if before and not after and fresh["metadata"].get("deletionTimestamp"):
            self._drop(resource, fresh)
            return fresh
        return self._put(resource, fresh)

    def patch(
        self, resource: Resource, name: str, namespace: str, patch: Any, subresource: str = "", *, how: str = "merge"
    ) -> Object:
        """A merge patch, or a strategic one, in which lists have no merge keys."""
        present = self._present(resource, name, namespace)
        patched = _merged(present, patch) if how == "merge" else strategic.apply(copy(present), patch, None)
        return self.update(resource, patched, subresource)

    def remove(self, resource: Resource, name: str, namespace: str = "", *, uid: str = "") -> None:
        """Delete at once, with all dependents; mark what has finalizers, which is removed with the last of them."""
        obj = self._present(resource, name, namespace)
        if uid and obj["metadata"]["uid"] != uid:
            raise Conflict(f"{resource.plural} {name!r} is another object now")
        if obj["metadata"].get("finalizers"):
            if not obj["metadata"].get("deletionTimestamp"):
                self._put(resource, {**obj, "metadata": {**obj["metadata"], "deletionTimestamp": now_text(self.now)}})
            return
        self._drop(resource, obj)

    def _drop(self, resource: Resource, obj: Object) -> None:
        del self._objects[resource, *key_of(obj)]
        self._revision += 1
        for kind, where, owned in list(self._objects):
            found = self._objects.get((kind, where, owned))
            if found is not None and is_owned_by(found, obj["metadata"]["uid"]):
                self.remove(kind, owned, where)

    # Time and deciders

    def settle(self, reconcilers: Iterable[Reconciler], *, after: Callable[[], None] = lambda: None) -> int:
        """Let every reconciler decide every key, one after the other, until nothing changes. ``after`` is called after
        each decision (for checks, or to make pods ready). Returns the number of decisions that changed something.
        Raises AssertionError if it does not end."""
        changed = 0
        for _ in range(_MOST_ROUNDS):
            before = self._revision
            for reconciler in reconcilers:
                for obj in list(self.list(reconciler.primary)):
                    start = self._revision
                    self.decide(reconciler, Key(*key_of(obj)))
                    changed += self._revision != start
                    after()
            if self._revision == before:
                return changed
        raise AssertionError("the reconcilers never come to rest")

    def decide(self, reconciler: Reconciler, key: Key) -> StatusError | None:
        """One decision, performed as by the Runtime. Returns the error that ended it, if any."""
        try:
            self._perform(reconciler.decide(key, self))
        except StatusError as error:
            return error
        return None

    def _perform(self, actions: Iterable[Action]) -> None:
        for action in actions:
            refusal = self.refuse(action)
            try:
                if refusal is not None:
                    raise refusal
                self._one(action)
            except StatusError as error:
                if isinstance(action, Create) and action.on_failure is not None:
                    self._perform(action.on_failure(error))
                raise

    def _one(self, action: Action) -> None:
        match action:
            case Create():
                self.create(action.resource, action.object)
            case Update():
                self.update(action.resource, action.object, action.subresource)
            case Patch():
                self.patch(
                    action.resource, action.name, action.namespace, action.patch, action.subresource, how=action.how
                )
            case Remove():
                self.remove(action.resource, action.name, action.namespace, uid=action.uid)
            case Emit():
                self.events.append((action.reason, action.message))
            case Requeue():
                self.wakes.append(self.now + action.after)

    def _put(self, resource: Resource, obj: Object) -> Object:
        self._revision += 1
        obj["metadata"] = {**obj["metadata"], "resourceVersion": str(self._revision)}
        self._objects[resource, *key_of(obj)] = obj
        return obj

    def _present(self, resource: Resource, name: str, namespace: str) -> Object:
        found = self.get(resource, name, namespace)
        if found is None:
            raise NotFound(f"{resource.plural} {name!r} not found")
        return found


def _substance(obj: Object) -> Object:
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}


def _merged(target: Any, patch: Any) -> Any:
    """Source: RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _merged(found.get(key), value)
    return found
