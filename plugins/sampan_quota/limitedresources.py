"""What is refused where no quota covers it: the configuration ``limitedResources`` of the rule ResourceQuota. Pure.

Source: Kubernetes docs, "Limit Priority Class consumption by default"; upstream's quota admission (wording).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sampan.contracts.kinds import Object
from sampan_quota.charging import Refused, counted
from sampan_quota.scopes import requirements_of
from sampan_quota.settings import LimitedResource
from sampan_quota.usage import Evaluator, Usage, raised


def require_covered(
    limited: Sequence[LimitedResource], name: str, evaluator: Evaluator, quotas: Sequence[Object], new: Object,
    old: Object | None, now: float,
) -> None:  # fmt: skip
    """Raises Refused where the write uses more of something that is limited and that no quota covers. ``name`` is the
    kind's, such as pods."""
    usage = evaluator.usage(new, now)
    if not raised(usage, evaluator.usage(old, now) if old is not None else {}):
        return
    covered = {each for quota in quotas for each in counted(quota, evaluator, new)}
    if missing := sorted(_limited_names(limited, name, usage) - covered):
        raise Refused(f"insufficient quota to consume: {','.join(missing)}")
    scopes = [
        scope for each in limited for scope in each.match_scopes if evaluator.in_scope(scope.as_requirement(), new)
    ]
    have = {each["scopeName"] for quota in quotas for each in requirements_of(quota) if evaluator.in_scope(each, new)}
    if uncovered := [scope for scope in scopes if scope.scope_name not in have]:
        raise Refused(f"insufficient quota to match these scopes: [{' '.join(map(str, uncovered))}]")


def _limited_names(limited: Iterable[LimitedResource], name: str, usage: Usage) -> set[str]:
    parts = [part for each in limited if each.group_resource == name for part in each.match_contains]
    return {used for used, amount in usage.items() if amount.nanos > 0 and any(part in used for part in parts)}
