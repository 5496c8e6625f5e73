"""Whether a ClusterAffinity selects a cluster: by name, labels, and the fields provider, region and zone.

Source: the API reference of policy.karmada.io/v1alpha1 ClusterAffinity. Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest
from sampan_machinery.metadata import get_path, labels_of
from sampan_machinery.selectors import from_node_term, from_object


def matches(cluster: Object, affinity: Mapping[str, Any]) -> bool:
    """All that is given must match; exclusion wins. A selector that cannot be read matches nothing."""
    name = cluster["metadata"]["name"]
    if name in (affinity.get("exclude") or ()):
        return False
    if affinity.get("clusterNames") and name not in affinity["clusterNames"]:
        return False
    try:
        selector = affinity.get("labelSelector")
        if selector is not None and not from_object(selector).matches(labels_of(cluster)):
            return False
        return _fields_match(cluster, get_path(affinity, "fieldSelector", "matchExpressions", default=[]))
    except BadRequest:
        return False


def _fields_match(cluster: Object, expressions: Iterable[Mapping[str, Any]]) -> bool:
    spec = cluster.get("spec") or {}
    zones = list(spec.get("zones") or ([spec["zone"]] if spec.get("zone") else ()))
    others = []
    for expression in expressions:
        if expression.get("key") != "zone":
            others.append(expression)
        elif not _zones_match(zones, expression.get("operator"), list(expression.get("values") or ())):
            return False
    fields = {key: spec[key] for key in ("provider", "region") if spec.get(key)}
    return not others or from_node_term(others).matches(fields)


def _zones_match(zones: list[str], operator: Any, values: list[str]) -> bool:
    """In: one zone is among the values; NotIn: none is."""
    if operator == "In":
        return any(zone in values for zone in zones)
    if operator == "NotIn":
        return not any(zone in values for zone in zones)
    return bool(zones) if operator == "Exists" else operator == "DoesNotExist" and not zones
