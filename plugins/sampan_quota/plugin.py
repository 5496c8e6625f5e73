"""Where sampan_quota meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.hookspecs import hookimpl
from sampan_quota.admission import LimitRanger, LimitRangerDefaults, LimitRanges
from sampan_quota.limitrange import LIMIT_RANGE


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [LIMIT_RANGE]


@hookimpl
def contribute_admitters() -> list[Admitter]:
    ranges = LimitRanges()
    return [LimitRangerDefaults(ranges), LimitRanger(ranges)]
