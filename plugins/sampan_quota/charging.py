"""What a write changes in the quotas of its namespace, or why it is refused. Pure. Source: upstream's quota
admission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_machinery.quantities import Quantity
from sampan_quota.scopes import requirements_of
from sampan_quota.usage import Evaluator, Usage, add, raised


class Refused(Exception):
    """The write would exceed a quota, or lacks what one wants; the text is upstream's."""


def charge(
    quotas: Sequence[Object], evaluator: Evaluator, new: Object, old: Object | None, now: float, *, limited: bool = True
) -> list[Object]:
    """The quotas whose use the write raises, with the new use in their status. Raises Refused. ``limited``: not for
    writes of the status, which tell what is the case already."""
    concerned = [(quota, names) for quota in quotas if (names := counted(quota, evaluator, new))]
    for quota, names in concerned:
        _require(quota, evaluator, names, new)
    if not concerned:
        return []
    usage = evaluator.usage(new, now)
    if negative := sorted(name for name, amount in usage.items() if amount.nanos < 0):
        raise Refused(f"quota usage is negative for resource(s): {','.join(negative)}")
    before = evaluator.usage(old, now) if old is not None else {}
    changed = []
    for quota, _ in concerned:
        known = old is not None and bool(counted(quota, evaluator, old))
        more = raised(usage, before if known else {})
        if _book(quota, more, limited=limited):
            changed.append(quota)
    return changed


def counted(quota: Object, evaluator: Evaluator, obj: Object) -> list[str]:
    """The resources of a quota that count the object; none where it is outside of the quota's scopes."""
    hard = (quota.get("status") or {}).get("hard") or {}
    names = [name for name in sorted(hard) if evaluator.counts(name)]
    return names if names and is_within(quota, evaluator, obj) else []


def is_within(quota: Object, evaluator: Evaluator, obj: Object) -> bool:
    return all(evaluator.in_scope(each, obj) for each in requirements_of(quota))


def _require(quota: Object, evaluator: Evaluator, names: Sequence[str], new: Object) -> None:
    title = quota["metadata"]["name"]
    if why := evaluator.constrain(names, new):
        raise Refused(f"failed quota: {title}: {why}")
    used = quota["status"].get("used") or {}
    if any(name not in used for name in names):
        raise Refused(f"status unknown for quota: {title}, resources: {','.join(names)}")


def _book(quota: Object, more: Mapping[str, Quantity], *, limited: bool) -> bool:
    """Write the new use into the quota; whether there is any. Raises Refused where it is more than the quota's."""
    status = quota["status"]
    hard, used = _read(status["hard"]), _read(status.get("used") or {})
    requested = {name: amount for name, amount in more.items() if name in hard}
    if not requested:
        return False
    total = add(used, requested)
    exceeded = sorted(name for name in requested if total[name].nanos > hard[name].nanos)
    if exceeded and limited:
        parts = (f"{word}: {_shown(amounts, exceeded)}" for word, amounts in _parts(requested, used, hard))
        raise Refused(f"exceeded quota: {quota['metadata']['name']}, {', '.join(parts)}")
    status["used"] = {name: str(amount) for name, amount in total.items()}
    return True


def _parts(requested: Usage, used: Usage, hard: Usage) -> Iterable[tuple[str, Usage]]:
    return ("requested", requested), ("used", used), ("limited", hard)


def _shown(amounts: Usage, names: Iterable[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in names if name in amounts)


def _read(amounts: Mapping[str, str]) -> Usage:
    return {name: quantities.read(amount) for name, amount in amounts.items()}
