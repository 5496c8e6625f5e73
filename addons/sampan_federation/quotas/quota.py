"""What a FederatedResourceQuota means: a ResourceQuota for each cluster, and the sum of what they say. Pure functions.

Source: the API reference of policy.karmada.io/v1alpha1 FederatedResourceQuota (staticAssignments, status).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest
from sampan_federation.interpreter.reading import mapping
from sampan_federation.works.names import cluster_of
from sampan_machinery import quantities
from sampan_machinery.metadata import copy, is_deleting

MOST_RESOURCES = 200  # of one quota of a member


def resource_quotas(quota: Object) -> dict[str, Object]:
    """The ResourceQuota of each cluster that is assigned a part."""
    metadata = quota["metadata"]
    return {
        each["clusterName"]: {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
            "spec": {"hard": copy(each.get("hard") or {})},
        }
        for each in mapping(quota, "spec").get("staticAssignments") or ()
    }


def status_of(quota: Object, works: Iterable[Object]) -> Object:
    """Its status: what each cluster uses, as the Works of its ResourceQuotas report it, and the sum."""
    clusters = [found for work in works if not is_deleting(work) if (found := _cluster_status(work)) is not None]
    clusters.sort(key=lambda each: str(each["clusterName"]))
    used: dict[str, str] = {}
    for each in clusters:
        for name, amount in each["used"].items():
            used[name] = quantities.add(used[name], amount) if name in used else amount
    overall = mapping(quota, "spec", "overall")
    status: Object = {
        "overall": dict(overall),
        "overallUsed": {name: used.get(name, "0") for name in {*overall, *used}},
    }
    if clusters:
        status["aggregatedStatus"] = clusters
    return status


def _cluster_status(work: Object) -> Object | None:
    reported = mapping(work, "status").get("manifestStatuses") or [{}]
    status = mapping(reported[0], "status")
    if not status:
        return None
    cluster = cluster_of(work["metadata"]["namespace"])
    return {"clusterName": cluster, "hard": _amounts(status.get("hard")), "used": _amounts(status.get("used"))}


def _amounts(given: Any) -> dict[str, str]:
    """What of it are quantities: a member may send anything."""
    found: dict[str, str] = {}
    for name, amount in list((given if isinstance(given, Mapping) else {}).items())[:MOST_RESOURCES]:
        if isinstance(amount, str | int) and not isinstance(amount, bool):
            try:
                found[name] = quantities.canonical(amount)
            except BadRequest:
                continue
    return found
