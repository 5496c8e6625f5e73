"""The status of a binding out of its Works. Pure functions.

Source: the API reference of work.karmada.io/v1alpha2 (aggregatedStatus, FullyApplied).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sampan.contracts.kinds import Object
from sampan_federation.interpreter.health import UNKNOWN
from sampan_federation.works.names import cluster_of
from sampan_federation.works.rendering import kept_clusters
from sampan_machinery.metadata import copy, get_condition, is_deleting, set_condition

FULLY_APPLIED = "FullyApplied"


def aggregated(binding: Object, works: Iterable[Object], now: str) -> Object | None:
    """The binding's new status; None if it stays."""
    items = [_item(work) for work in works if not is_deleting(work)]
    items.sort(key=lambda item: str(item["clusterName"]))
    old = binding.get("status") or {}
    status = copy(old)
    if items or "aggregatedStatus" in status:
        status["aggregatedStatus"] = items
    if is_fully_applied(kept_clusters(binding), items):
        message = "All works have been successfully applied"
        set_condition(status, FULLY_APPLIED, "True", now=now, reason="FullyAppliedSuccess", message=message)
    else:
        message = "Failed to apply all works, see status.aggregatedStatus for details"
        set_condition(status, FULLY_APPLIED, "False", now=now, reason="FullyAppliedFailed", message=message)
    return None if status == old else status


def is_fully_applied(clusters: set[str], items: Sequence[Object]) -> bool:
    """Whether each cluster of the binding has its Work, and all are applied; False without clusters."""
    applied = {item["clusterName"] for item in items if item.get("applied")}
    return bool(clusters) and applied == clusters and len(items) == len(clusters)


def _item(work: Object) -> Object:
    status = work.get("status") or {}
    item: Object = {"clusterName": cluster_of(work["metadata"]["namespace"]), "health": UNKNOWN}
    condition = get_condition(status, "Applied") or {}
    if condition.get("status") != "True":
        return {**item, "appliedMessage": condition["message"]} if condition.get("message") else item
    item["applied"] = True
    for each in (status.get("manifestStatuses") or ())[:1]:  # a binding's Work has one manifest
        item["health"] = each.get("health") or UNKNOWN
        if each.get("status") is not None:
            item["status"] = each["status"]
    return item
