"""Which rules decide about the pods of one scheduler name, with what weight each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sampan_scheduler.pods import SYSTEM_DEFAULTS, Defaults
from sampan_scheduler.resources import DEFAULT_NAME
from sampan_scheduler.rules.image_locality import ImageLocality
from sampan_scheduler.rules.interpod import InterPodAffinity
from sampan_scheduler.rules.node_affinity import NodeAffinity
from sampan_scheduler.rules.node_state import DeclaredFeatures, NodeName, Ports, Taints, Unschedulable
from sampan_scheduler.rules.resources_fit import BalancedAllocation, ResourcesFit
from sampan_scheduler.rules.spread import TopologySpread

#: Upstream's plugins in upstream's order, with their weights; 0 for those that give no points.
DEFAULT_WEIGHTS = {
    "NodeUnschedulable": 0, "NodeName": 0, "TaintToleration": 3, "NodeAffinity": 2, "NodePorts": 0,
    "NodeResourcesFit": 1, "PodTopologySpread": 2, "InterPodAffinity": 2,
    "NodeResourcesBalancedAllocation": 1, "ImageLocality": 1, "NodeDeclaredFeatures": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Candidates:
    """How many nodes preemption tries: so many percent of those where it may help, and at least so many."""

    percentage: int = 10
    least: int = 100


@dataclass(frozen=True)
class Profile:
    """``filters`` in the order in which they are asked; ``scores`` with their weights."""

    name: str = DEFAULT_NAME
    filters: Sequence[Any] = ()
    scores: Sequence[tuple[Any, int]] = ()
    preempts: bool = True
    candidates: Candidates = Candidates()
    spread: Defaults = SYSTEM_DEFAULTS
    off: frozenset[str] = frozenset()  # plugins of others that are disabled; "*": all but those in ``on``
    on: frozenset[str] = frozenset()
    weights: Mapping[str, int] = field(default_factory=dict)  # of plugins of others, where they are not the usual ones

    def takes_part(self, name: str) -> bool:
        """Whether a plugin of others is asked."""
        return name in self.on or not self.off & {name, "*"}


def own_rules() -> list[Any]:
    """One of each, as upstream configures them."""
    return [
        Unschedulable(), NodeName(), Taints(), NodeAffinity(), Ports(), ResourcesFit(), TopologySpread(),
        InterPodAffinity(), BalancedAllocation(), ImageLocality(), DeclaredFeatures(),
    ]  # fmt: skip


def profile_of(rules: Sequence[Any], name: str = DEFAULT_NAME, **more: Any) -> Profile:
    """A profile of these rules with the usual weights."""
    filters = [rule for rule in rules if hasattr(rule, "filter") or hasattr(rule, "refusals")]
    scores = [(rule, DEFAULT_WEIGHTS[rule.name]) for rule in rules if DEFAULT_WEIGHTS.get(rule.name)]
    return Profile(name, filters, scores, **more)
