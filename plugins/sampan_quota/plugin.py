"""Where sampan_quota meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Standing
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_quota.settings import LimitedResource


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.quota``."""

    limited_resources: tuple[LimitedResource, ...] = ()
    """What is refused where no quota covers it: resource, api_group, match_contains, match_scopes of each."""


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_quota.limitrange import LIMIT_RANGE
    from sampan_quota.resourcequota import RESOURCE_QUOTA

    return [LIMIT_RANGE, RESOURCE_QUOTA]


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_quota.admission import LimitRanger, LimitRangerDefaults, LimitRanges
    from sampan_quota.quota_admission import QuotaAdvice, QuotaOfClaimStatus, QuotaOfCreates, QuotaOfUpdates, Quotas

    ranges, quotas, limited = LimitRanges(), Quotas(), context.settings.limited_resources
    return [
        LimitRangerDefaults(ranges),
        LimitRanger(ranges),
        QuotaOfCreates(quotas, limited),
        QuotaOfUpdates(quotas, limited),
        QuotaOfClaimStatus(quotas, limited),
        QuotaAdvice(),
    ]


@hookimpl
def contribute_reconcilers() -> list[Standing]:
    from sampan_quota import controller  # the API server does without

    return [Standing(name="resourcequota", run=controller.run, turns=controller.turns)]
