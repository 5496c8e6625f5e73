"""What rules about several nodes at once answer with: sets of domains, not lists of nodes."""

from __future__ import annotations

from typing import NamedTuple

from sampan_scheduling.contracts import Verdict


class Refusal(NamedTuple):
    """Nodes whose label has one of these values will not do; ``missing`` refuses nodes without the label."""

    topology_key: str
    domains: set[str]
    verdict: Verdict
    missing: Verdict | None = None


class Requirement(NamedTuple):
    """Only nodes whose label has one of these values will do (None: any value, but the label has to be there)."""

    topology_key: str
    domains: set[str] | None
    verdict: Verdict


class Scores(NamedTuple):
    """0 to 100 by domain."""

    topology_key: str
    by_domain: dict[str, float]
    otherwise: float
    missing: float
    weight: int

    def weighted(self) -> dict[str, float]:
        return {domain: self.weight * value for domain, value in self.by_domain.items()}

    def at(self, domain: str | None) -> float:
        """Weighted points of a node in this domain, None for a node without the label."""
        return self.weight * (self.missing if domain is None else self.by_domain.get(domain, self.otherwise))
