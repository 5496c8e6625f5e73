"""Settings of the add-on: the section ``plugins.federation`` of sampan.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.federation``."""

    probe_seconds: float = 10.0
    """Seconds between two probes of a member."""
    summary_seconds: float = 60.0
    """Seconds between two looks at a member's kinds, nodes and pods."""
    failure_seconds: float = 30.0
    """How long a member has to fail until its condition Ready says so."""
    success_seconds: float = 30.0
    """How long a member has to answer until its condition Ready is True again."""
    failover: bool = True
    """Whether workloads leave a member that is lost."""
    eviction_seconds: float = 300.0
    """How long a member is not Ready until workloads leave it."""
    request_seconds: float = 20.0
    """How long one request to a member may take, from connecting to the last byte."""
    answer_bytes: int = 33554432
    """Most bytes of one answer of a member."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            probe_seconds=bounds.number(0.05),
            summary_seconds=bounds.number(0.05),
            failure_seconds=bounds.number(0),
            success_seconds=bounds.number(0),
            eviction_seconds=bounds.number(0),
            request_seconds=bounds.number(0.1),
            answer_bytes=bounds.number(65536),
        )
