"""The part of external-resizer that this node plays: a volume grows with its claim.

Each step is written into the claim's status before and after it is done; the node agent does what is left to do on the
node. A size that the driver calls impossible is not tried again before the claim asks for another.
Source: upstream's external resizer (meaning, conditions, events), KEP-1790.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

from sampan.contracts.kinds import Object
from sampan_csi import abilities, claims
from sampan_csi.abilities import Registered
from sampan_csi.channel import CallFailure
from sampan_csi.claims import MADE_ON
from sampan_csi.drivers import Driver
from sampan_csi.messages import CONTROLLER, EXPAND, NODE_EXPAND
from sampan_machinery import quantities
from sampan_machinery.metadata import annotations_of, get_path, is_deleting
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_volumes import growth
from sampan_volumes.contracts import VolumeFailure
from sampan_volumes.provisioning import EventRecorder, ProvisionerEvents

#: Answers after which the same size is not asked for again.
_INFEASIBLE = frozenset(("INVALID_ARGUMENT", "OUT_OF_RANGE", "NOT_FOUND"))


class Resizer:
    """``names``: the drivers whose side-cars' part it plays; ``is_first``: whether this node does what belongs to no
    node in particular, for a driver."""

    def __init__(
        self, client: Any, events: EventRecorder, drivers: Registered, names: Collection[str], node: str, *,
        is_first: Callable[[str], bool], clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._client, self._events, self._drivers = client, ProvisionerEvents(events), drivers
        self._names, self._node, self._is_first, self._clock = frozenset(names), node, is_first, clock

    def claim(self, claim: Object, volume: Object) -> None:
        """Expand the claim's volume where it asks for more. Raises what is to be tried again."""
        name = get_path(volume, "spec", "csi", "driver", default="")
        if name not in self._names or is_deleting(claim) or not growth.is_due_for_controller(claim, volume):
            return
        made_on = annotations_of(volume).get(MADE_ON)
        if made_on == self._node or (made_on is None and self._is_first(name)):
            meta = claim["metadata"]
            # asked again, for what this thread has just written may not have been seen yet
            newest = self._client.get(CLAIMS, meta["name"], meta["namespace"])
            if newest["metadata"]["uid"] == meta["uid"] and growth.is_due_for_controller(newest, volume):
                self._expand(newest, volume, self._drivers.get(name))

    def _expand(self, claim: Object, volume: Object, driver: Driver) -> None:
        name, size = volume["metadata"]["name"], growth.wanted(claim)
        known = {**claim}
        if growth.state(claim) != growth.CONTROLLER_RUNS or growth.allocated(claim) != size:
            known = self._tell(claim, growth.controller_started(claim, size, self._clock()))
            self._events.resizing(claim, name)
        try:
            got, on_node = self._asked(driver, volume, size)
        except VolumeFailure as error:
            infeasible = isinstance(error, CallFailure) and error.code in _INFEASIBLE
            self._events.resize_failed(claim, name, str(error))
            self._tell(known, growth.failed(known, str(error), self._clock(), node=False, infeasible=infeasible))
            if infeasible:
                return  # until the claim asks for another size
            raise
        self._client.patch(VOLUMES, name, {"spec": {"capacity": {"storage": got}}})
        if on_node:
            self._tell(known, growth.node_is_next(known, self._clock()))
            self._events.resized_for_the_node(claim)
            return
        meta = claim["metadata"]
        if "ReadWriteMany" in (claim["spec"].get("accessModes") or ()):
            mark = {"metadata": {"uid": meta["uid"], "annotations": {growth.NO_NODE: "yes"}}}
            self._client.patch(CLAIMS, meta["name"], mark, meta["namespace"])
        self._tell(known, growth.finished(known, got))
        self._events.resized(claim)

    def _asked(self, driver: Driver, volume: Object, size: str) -> tuple[str, bool]:
        """The volume's new size, and whether the node has to do its part. Raises VolumeFailure."""
        if EXPAND not in abilities.of_controller(driver):
            if NODE_EXPAND not in abilities.of_node(driver):
                raise CallFailure(f"driver {driver.name} does not expand volumes", "INVALID_ARGUMENT")
            return size, True
        spec, source = volume["spec"], volume["spec"]["csi"]
        modes = spec.get("accessModes") or ("ReadWriteOnce",)
        bytes_ = quantities.whole(size)
        answer = driver.channel.call(
            CONTROLLER, "ControllerExpandVolume", volume_id=source["volumeHandle"],
            capacity_range={"required_bytes": bytes_},
            volume_capability=claims.capability(
                modes[0], source.get("fsType") or "", spec.get("mountOptions") or (),
                block=spec.get("volumeMode") == "Block",
            ),
        )  # fmt: skip
        got = answer["capacity_bytes"]
        return size if got in (0, bytes_) else claims.size_text(got), bool(answer["node_expansion_required"])

    def _tell(self, claim: Object, status: Object) -> Object:
        """The claim as it is then. Raises StatusError."""
        meta = claim["metadata"]
        patch = {"metadata": {"uid": meta["uid"]}, "status": status}
        written: Object = self._client.patch(CLAIMS, meta["name"], patch, meta["namespace"], subresource="status")
        return written
