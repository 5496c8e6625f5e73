"""What a namespace's workloads may request over all clusters together: ``overall`` of FederatedResourceQuotas. Pure.

Source: Karmada's documentation of federated quota enforcement: replicas times the requests of one, as bindings have
them. What would use more than is allowed is not placed; what runs already stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest
from sampan_federation.interpreter.reading import mapping
from sampan_machinery.metadata import is_deleting
from sampan_machinery.quantities import BINARY, DECIMAL, nanos, text_of

Amounts = dict[str, int]  # in billionths
_BINARY = ("memory", "ephemeral-storage", "hugepages-", "storage")


def used_by(binding: Mapping[str, Any], clusters: Sequence[Mapping[str, Any]] | None = None) -> Amounts:
    """What a binding requests, where it is placed or on the given clusters."""
    spec = binding.get("spec") or {}
    placed = (spec.get("clusters") or ()) if clusters is None else clusters
    replicas = sum(int(each.get("replicas") or 0) for each in placed)
    requests = mapping(spec, "replicaRequirements", "resourceRequest")
    return {name: replicas * amount for name, value in requests.items() if (amount := _nanos(value))}


def summed(usages: Iterable[Amounts]) -> Amounts:
    total: Amounts = {}
    for usage in usages:
        for name, amount in usage.items():
            total[name] = total.get(name, 0) + amount
    return total


def exceeded(quotas: Iterable[Object], others: Amounts, before: Amounts, wanted: Amounts) -> str:
    """Which quota a change from ``before`` to ``wanted`` would exceed, and by what; "" if none. What asks for no more
    than before is never refused."""
    for quota in quotas:
        if is_deleting(quota):
            continue
        for name, limit in mapping(quota, "spec", "overall").items():
            resource = name.removeprefix("requests.")
            asked = wanted.get(resource, 0)
            if asked <= before.get(resource, 0) or others.get(resource, 0) + asked <= _nanos(limit):
                continue
            return (
                f"the FederatedResourceQuota {quota['metadata']['name']} allows {limit} of {name}, and"
                f" {shown(resource, others.get(resource, 0) + asked)} would be used: {shown(resource, asked)} by this"
            )
    return ""


def overall_used(quota: Object, used: Amounts) -> dict[str, str]:
    """Of a quota's status: what is used of each resource that it limits."""
    return {
        name: shown(resource := name.removeprefix("requests."), used.get(resource, 0))
        for name in mapping(quota, "spec", "overall")
    }


def shown(resource: str, amount: int) -> str:
    return text_of(amount, BINARY if resource.startswith(_BINARY) else DECIMAL)


def _nanos(value: Any) -> int:
    try:
        return nanos(value)
    except (BadRequest, TypeError, ValueError):
        return 0
