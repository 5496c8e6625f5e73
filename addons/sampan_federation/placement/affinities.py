"""Whether an affinity selects a cluster, and why not. Pure. Rules: Karmada's ClusterAffinity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan.errors import StatusError
from sampan_federation.placement.clusters import Candidate
from sampan_machinery import selectors


def why_not(affinity: Mapping[str, Any], cluster: Candidate) -> str:
    """Which part of the affinity does not select the cluster; empty if all do."""
    if cluster.name in (affinity.get("exclude") or ()):
        return "the affinity excludes it by name"
    names = affinity.get("clusterNames") or ()
    if names and cluster.name not in names:
        return f"the affinity names {_some(names)} only"
    selector = affinity.get("labelSelector")
    try:
        if selector is not None and not selectors.from_object(selector).matches(cluster.labels):
            return f"its labels do not match {selectors.from_object(selector)}"
        for expression in (affinity.get("fieldSelector") or {}).get("matchExpressions") or ():
            if not _field_matches(expression, cluster):
                return f"its field does not match {_words(expression)}"
    except (StatusError, ValueError) as error:
        return f"the affinity cannot be read: {error}"
    return ""


def _field_matches(expression: Mapping[str, Any], cluster: Candidate) -> bool:
    key, operator, values = expression.get("key"), expression.get("operator"), expression.get("values") or ()
    if key == "zone":  # a cluster has several: In means all of them, NotIn none, as Karmada's
        if operator == "Exists":
            return bool(cluster.zones)
        if operator == "DoesNotExist":
            return not cluster.zones
        if operator == "In":
            return bool(cluster.zones) and set(cluster.zones) <= set(values)
        return operator == "NotIn" and not set(cluster.zones) & set(values)
    fields = {"provider": cluster.provider, "region": cluster.region}
    given = {name: value for name, value in fields.items() if value}
    return selectors.from_node_term([expression]).matches(given)


def _words(expression: Mapping[str, Any]) -> str:
    values = ", ".join(expression.get("values") or ())
    return f"{expression.get('key')} {expression.get('operator')} ({values})"


def _some(names: Any) -> str:
    shown = list(names)[:5]
    return ", ".join(shown) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
