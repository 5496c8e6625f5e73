"""The node agent's settings. Those that the kubelet has too have its names and its forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sampan_machinery import bounds
from sampan_machinery.durations import parse_duration
from sampan_node.housekeeping import thresholds
from sampan_node.housekeeping.thresholds import Threshold
from sampan_node.shutdown.periods import ShutdownPeriod, by_priority, migrated

DEFAULT_TRANSITION = 300.0  # seconds; upstream's, also where 0 is given


@dataclass(frozen=True)
class Settings:
    max_pods: int = 110
    """Most pods that this node takes."""
    allowed_unsafe_sysctls: tuple[str, ...] = ()
    """Sysctls that pods may set beside the safe ones, by name or as a beginning with a star: net.core.*"""

    container_pids_limit: int = 0
    """Most processes and threads of one container; 0: no limit of its own."""
    static_pods: str = ""
    """Folder with manifests of static pods, which run with or without an API; relative to home. Empty: none."""
    evict_below_memory: str = "100Mi"
    """Memory below which a pod is evicted: bytes, or a percentage of the machine's; empty: never."""
    evict_below_disk: str = "1Gi"
    """The same of the disk that the agent's home is on."""
    evict_below_pids: str = ""
    """Free process ids below which new pods are refused and pods evicted; a number, or a percentage of all; empty:
    never."""
    evictionHard: Mapping[str, str] = field(default_factory=dict)
    """As the kubelet's: signal (memory.available, nodefs.available, nodefs.inodesFree, imagefs.available,
    imagefs.inodesFree, pid.available) to an amount or a percentage. Beside or instead of the three above."""
    evictionSoft: Mapping[str, str] = field(default_factory=dict)
    """The same, where pods are evicted only after a grace period, and have time to end."""
    evictionSoftGracePeriod: Mapping[str, str] = field(default_factory=dict)
    """Signal to the time for which a soft threshold has to be crossed: 90s, 1m30s. Wanted for each soft threshold."""
    evictionMaxPodGracePeriod: int = 0
    """Seconds that a pod has at most to end when a soft threshold is crossed; its own grace period if that is less."""
    evictionMinimumReclaim: Mapping[str, str] = field(default_factory=dict)
    """Signal to how much more than the threshold has to be available before evicting ends."""
    evictionPressureTransitionPeriod: str = "5m"
    """How long a condition of the node (MemoryPressure …) stands after it was last observed; 0s: five minutes."""
    shutdownGracePeriod: str = "0s"
    """How long the node's end is held up so that its pods can end: 90s, 1m30s; 0s: pods are not ended then."""
    shutdownGracePeriodCriticalPods: str = "0s"
    """The part of it that pods of a system priority have, which end after all others."""
    shutdownGracePeriodByPodPriority: tuple[Mapping[str, int], ...] = ()
    """Instead of both: a list of {priority, shutdownGracePeriodSeconds}; pods of the lowest priorities end first."""
    imageCredentialProviderConfig: str = ""
    """A CredentialProviderConfig (kubelet.config.k8s.io/v1), or a folder of them: programs that give credentials for
    pulling images; relative to home. Empty: none."""
    imageCredentialProviderBinDir: str = ""
    """The folder of these programs; relative to home."""
    image_gc_high_percent: float = 85
    """Percentage of the disk in use above which images that the agent pulled and nothing uses are removed; 0: never."""
    image_gc_low_percent: float = 80
    """Percentage at which that ends."""

    def __post_init__(self) -> None:
        bounds.require(
            self, max_pods=bounds.number(1), container_pids_limit=bounds.number(0),
            evict_below_memory=amount, evict_below_disk=amount,
            evict_below_pids=amount, image_gc_high_percent=bounds.number(0, 100),
            image_gc_low_percent=bounds.number(0, 100), evictionMaxPodGracePeriod=bounds.number(0),
            evictionPressureTransitionPeriod=period, shutdownGracePeriod=period, shutdownGracePeriodCriticalPods=period,
        )  # fmt: skip
        if bool(self.imageCredentialProviderConfig) != bool(self.imageCredentialProviderBinDir):
            raise ValueError("imageCredentialProviderConfig and imageCredentialProviderBinDir must be set together")
        self.thresholds()
        self.shutdown_periods()

    def thresholds(self) -> tuple[Threshold, ...]:
        """What ``evictionHard`` does not name counts as the three older settings say. Raises ValueError."""
        shorter = {
            "memory.available": self.evict_below_memory,
            "nodefs.available": self.evict_below_disk,
            "pid.available": self.evict_below_pids,
        }
        older = {signal: text for signal, text in shorter.items() if not is_never(text)}
        return thresholds.parse(
            {**older, **self.evictionHard}, self.evictionSoft, self.evictionSoftGracePeriod, self.evictionMinimumReclaim
        )

    def shutdown_periods(self) -> tuple[ShutdownPeriod, ...]:
        """From the lowest priority on; () where pods are not ended with the node. Raises ValueError."""
        whole, critical = parse_duration(self.shutdownGracePeriod), parse_duration(self.shutdownGracePeriodCriticalPods)
        for name, value in (("shutdownGracePeriod", whole), ("shutdownGracePeriodCriticalPods", critical)):
            if 0 < value < 1:
                raise ValueError(f"{name} must be 0s, or 1s at least")
        if critical > whole:
            raise ValueError(f"shutdownGracePeriodCriticalPods must not be more than shutdownGracePeriod ({whole:g} s)")
        if not self.shutdownGracePeriodByPodPriority:
            return migrated(whole, critical)
        if whole or critical:
            raise ValueError("shutdownGracePeriodByPodPriority must be set alone, without shutdownGracePeriod")
        return by_priority(self.shutdownGracePeriodByPodPriority)

    @property
    def pressure_transition(self) -> float:
        """In seconds."""
        return parse_duration(self.evictionPressureTransitionPeriod) or DEFAULT_TRANSITION


def amount(value: str) -> str:
    """A problem with a quantity or percentage, "" where it is one, or empty."""
    fits = re.fullmatch(r"|[0-9]+(\.[0-9]+)?%|[0-9]+(k|M|G|T|Ki|Mi|Gi|Ti)?", value)
    return "" if fits else f"must look like 100Mi or 5%, not {value!r}"


def is_never(text: str) -> bool:
    return not text or not float(re.match(r"[0-9.]*", text)[0] or 0)  # type: ignore[index]  # it always matches


def period(value: str) -> str:
    """A problem with a duration in Go's form."""
    try:
        found = parse_duration(value)
    except ValueError:
        found = -1.0
    return "" if found >= 0 else f"must be a time such as 90s or 1m30s, not {value!r}"
