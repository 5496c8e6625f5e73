"""What rules about several nodes at once answer with: sets of domains, not lists of nodes."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sampan_scheduling.contracts import Verdict


class Refusal(NamedTuple):
    """Nodes whose label has one of these values will not do; ``missing`` refuses nodes without the label."""

    topology_key: str
    domains: Collection[str | None]
    verdict: Verdict
    missing: Verdict | None = None

    def against(self, domain: str | None) -> Verdict | None:
        """What it has against a node in this domain, None for a node without the label."""
        return self.missing if domain is None else self.verdict if domain in self.domains else None


class Requirement(NamedTuple):
    """Only nodes whose label has one of these values will do (None: any value, but the label has to be there)."""

    topology_key: str
    domains: Collection[str | None] | None
    verdict: Verdict

    def against(self, domain: str | None) -> Verdict | None:
        return None if domain is not None and (self.domains is None or domain in self.domains) else self.verdict
