"""The node's part of a claim's growth: before a pod uses the volume, and while it does.

The claim's status says when the node is asked (``NodeResizePending``) and is told what came of it. A volume of several
nodes grows on each of them; the first one tells. Source: kubelet's NodeExpander (meaning), KEP-1790.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_machinery import quantities
from sampan_machinery.metadata import annotations_of, get_path
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS
from sampan_node.volumes.claims import ClaimedVolume
from sampan_volumes import growth
from sampan_volumes.contracts import ExpansionFailure, VolumeFailure

SUCCEEDED = 'MountVolume.NodeExpandVolume succeeded for volume "{name}" '

#: (about, type, reason, message): the pod, or its claim, whose kind is said
Tell = Callable[[Object, str, str, str], None]


def is_due(found: ClaimedVolume, grown: str) -> bool:
    """Whether the node has to expand the volume now. ``grown``: the size to which it did that, or had it at first."""
    claim, size = found.claim, capacity(found)
    state, told = growth.state(claim), growth.told(claim)
    if state in (growth.NODE_PENDING, growth.NODE_RUNS):
        return not told or quantities.compare(size, told) > 0
    if state or not told or quantities.compare(told, size) < 0:
        return False
    shared = "ReadWriteMany" in (get_path(claim, "spec", "accessModes", default=()) or ())
    is_new = bool(grown) and quantities.compare(size, grown) > 0
    return shared and is_new and growth.NO_NODE not in annotations_of(claim)


def capacity(found: ClaimedVolume) -> str:
    """Of the PersistentVolume."""
    return str(get_path(found.volume, "spec", "capacity", "storage", default="0"))


class Expansions:
    """Of one pod's volumes. ``client`` has the node's identity."""

    def __init__(self, client: Any, tell: Tell, clock: Callable[[], float] = time.time) -> None:
        self._client, self._tell, self._clock = client, tell, clock
        self._grown: dict[str, str] = {}  # PersistentVolume -> size
        self._in_use: dict[str, str] = {}  # those whose driver does not expand them to that size while they are used

    def look(self, pod: Object, found: ClaimedVolume, expand: Callable[[int], None]) -> None:
        """Expand the volume where that is due. Raises VolumeFailure at the first look, when the pod waits for it; later
        an event tells of it."""
        first = found.name not in self._grown
        size = capacity(found)
        if not is_due(found, self._grown.get(found.name, "")) or self._in_use.get(found.name) == size:
            self._grown.setdefault(found.name, size)
            return
        try:
            self._grow(pod, found, size, expand)
        except (VolumeFailure, StatusError) as error:
            if isinstance(error, ExpansionFailure) and error.in_use:
                self._in_use[found.name] = size
            elif first:
                raise VolumeFailure(f"NodeExpandVolume failed: {error}") from error
            self._tell(pod, "Warning", "VolumeResizeFailed", f'NodeExpandVolume of volume "{found.name}": {error}')
        else:
            self._grown[found.name] = size

    def _grow(self, pod: Object, found: ClaimedVolume, size: str, expand: Callable[[int], None]) -> None:
        claim, tells = found.claim, bool(growth.state(found.claim))
        if tells:
            claim = self._write(claim, growth.node_started(claim, self._clock()))
        try:
            expand(quantities.whole(size))
        except ExpansionFailure as error:
            if tells:
                change = growth.failed(claim, str(error), self._clock(), node=True, infeasible=error.infeasible)
                self._write(claim, change)
            raise
        text = SUCCEEDED.format(name=found.name)
        for about in (pod, {"kind": "PersistentVolumeClaim", "apiVersion": "v1", **claim}):
            self._tell(about, "Normal", "FileSystemResizeSuccessful", text)
        if tells:
            self._write(claim, growth.finished(claim, size))

    def _write(self, claim: Object, status: Object) -> Object:
        """The claim as it is then."""
        meta = claim["metadata"]
        patch = {"metadata": {"uid": meta["uid"]}, "status": status}
        written: Object = self._client.patch(
            PERSISTENT_VOLUME_CLAIMS, meta["name"], patch, meta["namespace"], subresource="status"
        )
        return written or {**claim, "status": {**claim["status"], **status}}
