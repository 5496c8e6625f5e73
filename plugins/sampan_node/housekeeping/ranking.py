"""Which pod goes first when the node is short of a resource, and what it is told. Pure.

Source: kubelet's eviction manager (rankMemoryPressure, rankDiskPressure, rankPIDPressure, evictionMessage).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_node.housekeeping.pressure import Level, is_critical
from sampan_node.housekeeping.thresholds import SIGNALS, Threshold, shown
from sampan_podspec.requests import pod_nanos

IMMEDIATE = 1  # seconds that a pod has to end where a hard threshold is crossed


class Use(NamedTuple):
    """What a pod uses of the resource that is short; of memory also what each of its containers uses."""

    total: int = 0
    containers: Mapping[str, int] = {}


def ranked(pods: Iterable[Object], resource: str, uses: Mapping[str, Use]) -> list[Object]:
    """Those that may be evicted, who goes first at the front: pods that use more than they requested, of low priority,
    by how much more they use. Of process ids nothing can be requested: by priority. ``uses``: by the pods' uids."""

    def rank(pod: Object) -> tuple[bool, int, int]:
        requested = pod_nanos(pod["spec"]).get(resource, 0) // quantities.NANOS
        used = uses.get(pod["metadata"]["uid"], Use()).total
        return resource != "pids" and used <= requested, int(pod["spec"].get("priority") or 0), requested - used

    return sorted((pod for pod in pods if not is_critical(pod)), key=rank)


def grace(pod: Object, threshold: Threshold, most: int) -> int:
    """Seconds that the pod has to end; ``most``: the setting evictionMaxPodGracePeriod."""
    if threshold.is_hard:
        return IMMEDIATE
    return min(most, int(pod["spec"].get("terminationGracePeriodSeconds", 30)))


def message(pod: Object, due: Sequence[Threshold], levels: Mapping[str, Level], use: Use) -> str:
    """``due``: the thresholds that are acted on, the one that the pod is evicted for at the front."""
    resource = SIGNALS[due[0].signal].resource
    text = f"The node was low on resource: {resource}. "
    if level := levels.get(due[0].signal):
        text += f"Threshold quantity: {due[0].amount.shown(level.total)}, available: {shown(level.available)}. "
    for container in (*(pod["spec"].get("containers") or ()), *(pod["spec"].get("initContainers") or ())):
        requested = ((container.get("resources") or {}).get("requests") or {}).get(resource, "0")
        used = use.containers.get(container["name"], 0)
        if used > quantities.whole(requested):
            text += (
                f"Container {container['name']} was using {shown(used)}, request is {quantities.canonical(requested)}, "
                f"has larger consumption of {resource}. "
            )
    return text
