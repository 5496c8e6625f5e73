"""What an administrator may change; the words are upstream's flags of kube-controller-manager."""

from __future__ import annotations

from dataclasses import dataclass

from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    """Section ``plugins.autoscaling``."""

    sync_period: float = 15.0
    """Seconds between two looks at an autoscaler."""
    tolerance: float = 0.1
    """How far usage may be from its target, as a share of it, before replicas change; a behaviour may name its own."""
    downscale_stabilization: float = 300.0
    """Seconds for which the highest recommendation holds before replicas go; a behaviour may name its own."""
    cpu_initialization_period: float = 300.0
    """Seconds after a pod's start in which its CPU is passed over while it is not ready."""
    initial_readiness_delay: float = 30.0
    """Seconds after a pod's start in which turning unready counts as never having been ready."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            sync_period=bounds.number(0.01),
            tolerance=bounds.number(0, 10),
            downscale_stabilization=bounds.number(0, 3600),
            cpu_initialization_period=bounds.number(0),
            initial_readiness_delay=bounds.number(0),
        )
