"""Where sampan_quota meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Standing
from sampan.hookspecs import hookimpl
from sampan_quota.admission import LimitRanger, LimitRangerDefaults, LimitRanges
from sampan_quota.limitrange import LIMIT_RANGE
from sampan_quota.quota_admission import QuotaAdvice, QuotaOfClaimStatus, QuotaOfCreates, QuotaOfUpdates, Quotas
from sampan_quota.resourcequota import RESOURCE_QUOTA


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [LIMIT_RANGE, RESOURCE_QUOTA]


@hookimpl
def contribute_admitters() -> list[Admitter]:
    ranges, quotas = LimitRanges(), Quotas()
    return [
        LimitRangerDefaults(ranges),
        LimitRanger(ranges),
        QuotaOfCreates(quotas),
        QuotaOfUpdates(quotas),
        QuotaOfClaimStatus(quotas),
        QuotaAdvice(),
    ]


@hookimpl
def contribute_reconcilers() -> list[Standing]:
    from sampan_quota import controller  # the API server does without

    return [Standing(name="resourcequota", run=controller.run)]
