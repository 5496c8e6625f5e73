"""Eviction thresholds, as the kubelet's configuration writes them. Pure.

Source: KubeletConfiguration v1beta1 (evictionHard, evictionSoft, evictionSoftGracePeriod, evictionMinimumReclaim); the
documentation on node-pressure eviction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from sampan.errors import StatusError
from sampan_machinery import quantities
from sampan_machinery.durations import parse_duration

T = TypeVar("T")

MEMORY, DISK, PIDS = "MemoryPressure", "DiskPressure", "PIDPressure"


class Meaning(NamedTuple):
    """What a signal stands for: the condition of the Node, and the resource as messages name it."""

    condition: str
    resource: str


#: In the order in which they are acted on: memory before all others.
SIGNALS: Mapping[str, Meaning] = {
    "memory.available": Meaning(MEMORY, "memory"),
    "nodefs.available": Meaning(DISK, "ephemeral-storage"),
    "nodefs.inodesFree": Meaning(DISK, "inodes"),
    "imagefs.available": Meaning(DISK, "ephemeral-storage"),
    "imagefs.inodesFree": Meaning(DISK, "inodes"),
    "pid.available": Meaning(PIDS, "pids"),
}
NOT_OBSERVED = {
    "containerfs.available": "it follows nodefs.available",
    "containerfs.inodesFree": "it follows nodefs.inodesFree",
    "allocatableMemory.available": "pods have no cgroup of their own here; use memory.available",
}


class Amount(NamedTuple):
    """An amount, or a part of the whole (0.0 to 1.0) where ``share`` is set."""

    units: int = 0
    share: float = 0.0
    text: str = ""  # the amount as messages show it; empty for a share

    def of(self, whole: int) -> int:
        return int(whole * self.share) if self.share else self.units

    def shown(self, whole: int) -> str:
        return self.text or shown(self.of(whole))


class Threshold(NamedTuple):
    """There is pressure while less than ``amount`` of what ``signal`` measures is available."""

    signal: str
    amount: Amount
    grace: float = 0.0  # seconds for which it has to be so until pods are evicted; 0.0: a hard threshold
    reclaim: Amount = Amount()  # how much more than ``amount`` has to be available before evicting ends

    @property
    def is_hard(self) -> bool:
        return self.grace == 0


def shown(units: int) -> str:
    """An amount as upstream's messages write it: 50Mi."""
    return quantities.text_of(units * quantities.NANOS, quantities.BINARY)


def parse(
    hard: Mapping[str, str], soft: Mapping[str, str], graces: Mapping[str, str], reclaims: Mapping[str, str]
) -> tuple[Threshold, ...]:
    """Hard ones, then soft ones, each in the order of SIGNALS. Raises ValueError that begins with the setting."""
    periods = _each("evictionSoftGracePeriod", graces, _period)
    extra = _each("evictionMinimumReclaim", reclaims, _reclaim)
    found = []
    for signal, amount in _each("evictionHard", hard, _amount).items():
        found.append(Threshold(signal, amount, 0.0, extra.get(signal, Amount())))
    for signal, amount in _each("evictionSoft", soft, _amount).items():
        if signal not in periods:
            raise ValueError(f"evictionSoftGracePeriod must have {signal}, as evictionSoft has it")
        found.append(Threshold(signal, amount, periods[signal], extra.get(signal, Amount())))
    return tuple(one for one in found if one.amount != Amount())


def _each(setting: str, given: Mapping[str, str], read: Callable[[str], T]) -> dict[str, T]:
    for signal in given:
        if signal in NOT_OBSERVED:
            raise ValueError(f"{setting}: {signal} cannot be set: {NOT_OBSERVED[signal]}")
        if signal not in SIGNALS:
            raise ValueError(f"{setting}: {signal} is not a signal; there are {', '.join(SIGNALS)}")
    found = {}
    for signal in SIGNALS:
        if signal in given:
            try:
                found[signal] = read(given[signal])
            except ValueError as error:
                raise ValueError(f"{setting}: {signal} {error}") from None
    return found


def _amount(text: str) -> Amount:
    """Nothing for 0% and 100%, which upstream takes for "never"."""
    if text in ("0%", "100%"):
        return Amount()
    found = _quantity(text)
    if not text.endswith("%") and not found.units:
        raise ValueError(f"must be more than 0, not {text!r}; 0% is never")
    return found


def _reclaim(text: str) -> Amount:
    found = _quantity(text)
    if text.endswith("%") and not found.share:
        raise ValueError(f"must be more than 0%, not {text!r}")
    return found


def _quantity(text: str) -> Amount:
    try:
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if 0 <= share <= 1:
                return Amount(share=share)
        else:
            units = quantities.whole(text)
            if units >= 0:
                return Amount(units, text=quantities.canonical(text))
    except (ValueError, StatusError):
        pass
    raise ValueError(f"must be an amount such as 100Mi or a percentage such as 5%, not {text!r}")


def _period(text: str) -> float:
    try:
        found = parse_duration(text)
    except ValueError:
        found = -1.0
    if found < 0:
        raise ValueError(f"must be a time such as 90s or 1m30s, not {text!r}")
    return found
