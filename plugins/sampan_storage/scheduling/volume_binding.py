"""VolumeBinding: nodes on which a pod's volumes can be used or made; once a node is chosen, the writes that bind them,
and the wait until they are bound. Source: upstream's plugin of this name.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import annotations_of, get_path
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_podspec.claims import claim_uses, usable_on
from sampan_scheduling.contracts import NodeView, SchedulerHandle, Snapshot, State, Verdict
from sampan_storage import matching
from sampan_storage.binding import reserved
from sampan_storage.claim_binder import SELECTED_NODE
from sampan_storage.scheduling import podclaims
from sampan_storage.scheduling.objects import VolumeObjects
from sampan_storage.scheduling.placement import facts_of, place
from sampan_storage.scheduling.reservations import ClaimKey, Plan, Reservations, key_of

BIND_TIMEOUT = 600.0  # seconds, as upstream
_STARTING = "waiting for the state of PersistentVolumeClaims and PersistentVolumes"
_INLINE = frozenset(("awsElasticBlockStore", "gcePersistentDisk", "iscsi", "rbd"))  # VolumeRestrictions looks at them
_CLAIMED = frozenset(("ephemeral", "persistentVolumeClaim"))


def uses_volumes(pod: Object) -> bool:
    """Whether the volume plugins have to do with the pod."""
    return any(
        not _CLAIMED.isdisjoint(volume) or not _INLINE.isdisjoint(volume) for volume in pod["spec"].get("volumes") or ()
    )


class VolumeBinding:
    name, weight = "VolumeBinding", 1
    concerns = staticmethod(uses_volumes)

    def __init__(self, objects: VolumeObjects, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._objects, self._clock = objects, clock
        self._reservations = Reservations()
        self._written: dict[str, tuple[float, dict[Any, int]]] = {}  # pod -> (until, revision of what was written)
        self._client: Any = None

    def start(self, handle: SchedulerHandle) -> None:
        self._client = handle.client

        def claim_changed(key: ClaimKey) -> None:
            if uid := self._reservations.waiting_for(key):
                handle.ask_again(uid)
            handle.wake(
                lambda pod: (
                    pod["metadata"]["namespace"] == key.namespace
                    and any(use.claim == key.name for use in claim_uses(pod))
                )
            )

        self._objects.on_claim = claim_changed
        self._objects.on_other = lambda: handle.wake(uses_volumes)
        self._objects.start(handle.client)

    def stop(self) -> None:
        self._objects.stop()

    def pre_filter(self, state: State, pod: Object, nodes: Snapshot) -> Verdict | None:
        if not self._objects.ready():
            return Verdict(_STARTING, True)
        found = podclaims.read(pod, self._objects)
        if isinstance(found, Verdict):
            return found
        state[self.name] = found, {}
        return None

    def filter(self, state: State, pod: Object, node: NodeView) -> Verdict | None:
        claims, plans = state[self.name]
        found = place(claims, facts_of(node), self._objects, self._reservations)
        if isinstance(found, str):
            return Verdict(found, True)
        plans[node.name] = found
        return None

    def reserve(self, state: State, pod: Object, node: NodeView) -> None:
        plan = state[self.name][1].get(node.name, Plan())
        if plan != Plan():
            self._reservations.add(pod["metadata"]["uid"], node.name, plan)

    def unreserve(self, state: State, pod: Object, node: NodeView) -> None:
        self._reservations.drop(pod["metadata"]["uid"])
        self._written.pop(pod["metadata"]["uid"], None)

    def pre_bind(self, state: State, pod: Object, node: NodeView) -> float:
        """Write what was reserved, then wait until it is bound. Raises where the pod needs another decision."""
        uid = pod["metadata"]["uid"]
        plan = self._reservations.plan_of(uid)
        if plan is None:
            return 0.0
        if uid not in self._written:
            self._written[uid] = self._clock() + BIND_TIMEOUT, self._write(plan, node.name)
        until, revisions = self._written[uid]
        unbound = [claim for claim in _claims(plan) if not self._is_bound(claim, node, revisions)]
        if not unbound:
            self._reservations.drop(uid)
            del self._written[uid]
            return 0.0
        if self._clock() >= until:
            raise TimeoutError("binding volumes: context deadline exceeded")
        return BIND_TIMEOUT

    def _write(self, plan: Plan, node: str) -> dict[Any, int]:
        written: dict[Any, int] = {}
        for match in plan.matches:
            changed = reserved(match.volume, match.claim)
            if changed is not None:
                changed = self._client.update(VOLUMES, changed)
                written[changed["metadata"]["name"]] = _revision(changed)
        for claim in plan.provisions:
            if annotations_of(claim).get(SELECTED_NODE) == node:
                continue
            meta = claim["metadata"]
            change = {"resourceVersion": meta["resourceVersion"], "annotations": {SELECTED_NODE: node}}
            changed = self._client.patch(CLAIMS, meta["name"], {"metadata": change}, meta["namespace"])
            written[key_of(claim)] = _revision(changed)
        return written

    def _is_bound(self, claim: Object, node: NodeView, revisions: dict[Any, int]) -> bool:
        """As the API has it now; raises where it never will be."""
        key = key_of(claim)
        now = self._objects.claim(key)
        if now is None:
            raise LookupError(f'failed to check binding: persistentvolumeclaim "{key.name}" not found')
        if _revision(now) < revisions.get(key, 0):
            return False  # the informer has not seen our write
        if key in revisions and annotations_of(now).get(SELECTED_NODE) != node.name:
            raise LookupError(f'provisioning failed for PVC "{key.name}"')
        name = get_path(now, "spec", "volumeName", default="")
        if name and (volume := self._objects.volume(name)) is not None:
            facts = facts_of(node)
            if not usable_on(volume, facts.labels, facts.name):
                raise LookupError(
                    f'pv "{name}" node affinity doesn\'t match node "{node.name}": no matching NodeSelectorTerms'
                )
        for promised in revisions:
            self._check_reserved(promised, revisions[promised])
        return podclaims.is_bound(now)

    def _check_reserved(self, name: Any, revision: int) -> None:
        volume = None if isinstance(name, ClaimKey) else self._objects.volume(name)
        if volume is not None and _revision(volume) >= revision and matching.reference_of(volume) is None:
            raise LookupError(f"ClaimRef got reset for pv {name!r}")


def _claims(plan: Plan) -> list[Object]:
    return [*(match.claim for match in plan.matches), *plan.provisions]


def _revision(obj: Object) -> int:
    return int(obj["metadata"].get("resourceVersion") or 0)
