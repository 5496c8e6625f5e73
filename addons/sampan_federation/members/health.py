"""How a member is, as conditions of its Cluster object. Pure, but for ``Standing``, which remembers since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sampan_machinery.metadata import get_condition

READY, COMPLETE = "Ready", "CompleteAPIEnablements"


class Probe(NamedTuple):
    """What a probe found: no answer (not online), an answer that says no (online, not healthy), or yes."""

    online: bool
    healthy: bool
    words: str = ""


class Verdict(NamedTuple):
    """A condition."""

    status: str
    reason: str
    message: str


@dataclass
class Standing:
    """Since when a member answers, or does not."""

    good_since: float | None = None
    bad_since: float | None = None

    def saw(self, probe: Probe, now: float) -> None:
        if probe.healthy:
            self.bad_since = None
            self.good_since = now if self.good_since is None else self.good_since
        else:
            self.good_since = None
            self.bad_since = now if self.bad_since is None else self.bad_since


def judge(
    status: Mapping[str, Any], probe: Probe, standing: Standing, now: float, *, failure_seconds: float,
    success_seconds: float,
) -> Verdict | None:  # fmt: skip
    """The condition Ready; None: it stays as it is. A single failure or success does not flip it. A link that is lost
    says nothing of the member: Unknown."""
    current = (get_condition(status, READY) or {}).get("status")
    wanted = _wanted(probe)
    if wanted.status == current or current is None:
        return wanted
    if probe.healthy:
        since, span = standing.good_since, success_seconds
    elif current == "True":
        since, span = standing.bad_since, failure_seconds
    else:
        return wanted  # it has failed before, only otherwise
    return wanted if since is not None and now - since >= span else None


def _wanted(probe: Probe) -> Verdict:
    if not probe.online:
        return Verdict("Unknown", "ClusterNotReachable", f"its API cannot be reached: {probe.words}"[:1024])
    if not probe.healthy:
        return Verdict("False", "ClusterNotReady", f"its API says that it is not ready: {probe.words}"[:1024])
    return Verdict("True", "ClusterReady", "its API is ready")
