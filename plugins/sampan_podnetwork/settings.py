"""The settings of sampan_podnetwork."""

from __future__ import annotations

from dataclasses import dataclass

from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.podnetwork``; the same on all nodes."""

    backend: str = "auto"
    """How other nodes are reached: auto (by a route on one segment, by VXLAN elsewhere), route or vxlan."""
    vxlan_id: int = 0
    """VXLAN identifier; 0: one made of the cluster's authority."""
    vxlan_port: int = 8472
    """UDP port of VXLAN, which firewalls between nodes have to let through."""

    def __post_init__(self) -> None:
        bounds.require(
            self, backend=bounds.one_of("auto", "route", "vxlan"), vxlan_id=bounds.number(0, (1 << 24) - 1),
            vxlan_port=bounds.number(1, 65535),
        )  # fmt: skip
