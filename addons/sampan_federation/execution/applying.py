"""One manifest on one member: looked at, decided about, written. The edge around ``deciding``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan.errors import AlreadyExists, Conflict, NotFound, StatusError
from sampan_client import Client
from sampan_federation.execution import deciding
from sampan_federation.execution.comparing import APPLIED, fingerprint
from sampan_federation.execution.deciding import Create, Keep, Left, Put, Refuse, Wait
from sampan_federation.execution.watches import MemberWatches
from sampan_machinery.metadata import annotations_of
from sampan_machinery.resources import NAMESPACES

log = logging.getLogger(__name__)

TRIES = 4  # of one write, against others that write the same object

Key = tuple[Resource, str, str]
Retain = Callable[[Object, Object], Object]


class Result(NamedTuple):
    """``observed``: the object as it is now; None where it was not seen. ``refused``: why it may not be touched.
    ``corrected``: paths that were put back; ``drifted``: changed paths that are left as they are."""

    observed: Object | None = None
    refused: str = ""
    corrected: list[str] | None = None
    drifted: list[str] | None = None
    waits: bool = False


class MemberObjects:
    """The federation's objects on one member. One thread for each object at a time."""

    def __init__(self, client: Client, watches: MemberWatches) -> None:
        self.client, self.watches = client, watches
        self._left: dict[Key, Left] = {}

    def apply(
        self, resource: Resource, wanted: Object, retain: Retain, *, may_correct: Callable[[], bool] = lambda: True
    ) -> Result:  # fmt: skip
        """Raises StatusError or ConnectionError of the member. ``may_correct``: asked before drift is put back."""
        key = _key(resource, wanted)
        found = self.watches.find(resource, key[1], key[2])
        observed = found.obj if found.known and is_sound(found.obj, key[1]) else self._get(key)
        for _ in range(TRIES):
            verdict = deciding.decide(wanted, observed, self._left.get(key), retain)
            match verdict:
                case Keep(drifted):
                    if not drifted and key not in self._left:
                        self._remember(key, wanted, observed)
                    return Result(observed, drifted=drifted)
                case Refuse(why):
                    return Result(observed, refused=why)
                case Wait():
                    return Result(observed, waits=True)
                case Put(_, drifted) if drifted and not may_correct():
                    return Result(observed, waits=True)
            try:
                return self._write(key, wanted, verdict, observed)
            except (AlreadyExists, Conflict):
                observed = self._get(key)
            except NotFound:
                if isinstance(verdict, Create):
                    raise
                observed = None  # deleted meanwhile
        raise Conflict(f"{key[0].plural} {key[1]} is written by others all the time")

    def delete(self, resource: Resource, wanted: Object) -> bool:
        """Delete it where it is ours. False: it was not."""
        key = _key(resource, wanted)
        observed = self._get(key)
        self._left.pop(key, None)
        if observed is None or not deciding.is_ours(observed, wanted):
            return False
        try:
            # Background: the default of Jobs would leave their pods.
            self.client.delete(
                resource, key[1], key[2], uid=observed["metadata"].get("uid", ""), propagation="Background"
            )
        except NotFound:
            return False
        return True

    def release(self, resource: Resource, wanted: Object) -> None:
        """Leave the object on the member, without our marks."""
        key = _key(resource, wanted)
        self._left.pop(key, None)
        for _ in range(TRIES):
            observed = self._get(key)
            if observed is None or not deciding.is_ours(observed, wanted):
                return
            try:
                self.client.update(resource, deciding.released(observed))
                return
            except Conflict:
                continue
            except NotFound:
                return
        raise Conflict(f"{resource.plural} {key[1]} is written by others all the time")

    def forget(self, resource: Resource, wanted: Object) -> None:
        self._left.pop(_key(resource, wanted), None)

    def _write(self, key: Key, wanted: Object, verdict: Create | Put, observed: Object | None) -> Result:
        if isinstance(verdict, Create):
            made = self._checked(key, self._create(key, verdict.obj))
            self._remember(key, wanted, made)
            return Result(made)
        made = self._checked(key, self.client.update(key[0], verdict.obj))
        self._remember(key, wanted, made)
        changed = observed is None or _revision(made) != _revision(observed)
        return Result(made, corrected=verdict.drifted if changed and verdict.drifted else None)

    def _create(self, key: Key, obj: Object) -> Object:
        resource, _, namespace = key
        try:
            return self.client.create(resource, obj, namespace)
        except NotFound as error:
            if not namespace or not self._create_namespace(namespace):
                raise error
        return self.client.create(resource, obj, namespace)

    def _create_namespace(self, name: str) -> bool:
        """Make the namespace that the object is in. It is never deleted: others may use it by then."""
        try:
            self.client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        except AlreadyExists:
            return False
        return True

    def _get(self, key: Key) -> Object | None:
        try:
            found = self.client.get(key[0], key[1], key[2])
        except NotFound:
            return None
        return self._checked(key, found)

    def _checked(self, key: Key, answer: Object) -> Object:
        if not is_sound(answer, key[1]):
            raise ConnectionError(f"the member's answer for {key[0].plural} {key[1]} is not that object")
        return answer

    def _remember(self, key: Key, wanted: Object, made: Object | None) -> None:
        if made is not None:
            digest = annotations_of(wanted)[APPLIED]
            self._left[key] = Left(digest, fingerprint(made), _revision(made))


def _key(resource: Resource, obj: Object) -> Key:
    return resource, obj["metadata"]["name"], obj["metadata"].get("namespace", "") if resource.namespaced else ""


def _revision(obj: Object) -> str:
    return str(obj["metadata"].get("resourceVersion", ""))


def is_sound(obj: Object | None, name: str) -> bool:
    """Whether what a member sends for an object can be read as one. None is sound."""
    if obj is None:
        return True
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") != name:
        return False
    texts = (metadata.get("labels") or {}, metadata.get("annotations") or {})
    lists = (metadata.get("finalizers") or [], metadata.get("ownerReferences") or [])
    return (
        all(isinstance(each, dict) and all(isinstance(value, str) for value in each.values()) for each in texts)
        and all(isinstance(each, list) for each in lists)
        and isinstance(obj.get("spec") or {}, dict)
    )  # fmt: skip


def words_of(error: Exception) -> str:
    return error.message if isinstance(error, StatusError) else str(error)
