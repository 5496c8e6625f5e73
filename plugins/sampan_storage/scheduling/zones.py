"""VolumeZone: nodes in the zone and region that the labels of a pod's bound volumes name. Source: upstream's plugin of
this name, its wording too.
"""

from __future__ import annotations

from collections.abc import Mapping

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import get_path, labels_of
from sampan_podspec.claims import claim_uses
from sampan_scheduling.contracts import NodeView, Snapshot, State, Verdict
from sampan_storage.scheduling.podclaims import Known
from sampan_storage.scheduling.reservations import ClaimKey
from sampan_storage.scheduling.volume_binding import uses_volumes

#: Old label -> the one that replaces it.
TOPOLOGY = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}
_KEYS = (*TOPOLOGY, *TOPOLOGY.values())
_BETWEEN = "__"  # between the zones of a volume that is in several
WRONG = Verdict("node(s) had no available volume zone", True)


class VolumeZone:
    name, weight = "VolumeZone", 1
    concerns = staticmethod(uses_volumes)

    def __init__(self, known: Known) -> None:
        self._known = known

    def pre_filter(self, state: State, pod: Object, nodes: Snapshot) -> Verdict | None:
        state[self.name] = [*_wanted(pod, self._known)]
        return None

    def filter(self, state: State, pod: Object, node: NodeView) -> Verdict | None:
        labels = labels_of(node.object)
        if not state[self.name] or not any(key in labels for key in _KEYS):
            return None
        return None if all(_meets(labels, key, values) for key, values in state[self.name]) else WRONG


def _wanted(pod: Object, known: Known) -> list[tuple[str, frozenset[str]]]:
    found = []
    for use in claim_uses(pod):
        claim = known.claim(ClaimKey(pod["metadata"]["namespace"], use.claim)) or {}
        name = get_path(claim, "spec", "volumeName", default="")
        labels = labels_of(known.volume(name) or {"metadata": {}}) if name else {}
        found += [(key, frozenset(labels[key].split(_BETWEEN))) for key in _KEYS if key in labels]
    return found


def _meets(labels: Mapping[str, str], key: str, values: frozenset[str]) -> bool:
    value = labels.get(key, labels.get(TOPOLOGY.get(key, key)))
    return value in values
