"""Which override policies concern a manifest on a cluster, in which order, and the manifest they make.

Source: Karmada's documentation, "Override Policy": cluster-scoped policies before namespaced ones; one that selects by
name is applied after one by labels, and that after one that selects all, so that the more exact wins; then by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest
from sampan_federation.overrides import overriders
from sampan_federation.overrides.clusters import matches
from sampan_federation.overrides.refusals import OverrideFailed
from sampan_machinery.metadata import labels_of
from sampan_machinery.selectors import from_object

NO, ALL, LABELS, NAME = range(4)


class Overridden(NamedTuple):
    """``cluster_policies`` and ``policies``: as in Karmada's annotations on a Work, "" where none was applied."""

    manifest: Object
    cluster_policies: str
    policies: str


def override(
    manifest: Object, cluster: Object, cluster_policies: Iterable[Object], policies: Iterable[Object]
) -> Overridden:  # fmt: skip
    """Raises OverrideFailed with the policy's name, the field and the reason."""
    manifest, of_clusters = _apply(manifest, cluster, cluster_policies, "ClusterOverridePolicy")
    namespace = manifest["metadata"].get("namespace", "")
    here = [each for each in policies if namespace and each["metadata"].get("namespace") == namespace]
    manifest, of_namespace = _apply(manifest, cluster, here, "OverridePolicy")
    return Overridden(manifest, of_clusters, of_namespace)


def _apply(manifest: Object, cluster: Object, policies: Iterable[Object], kind: str) -> tuple[Object, str]:
    applied: list[Object] = []
    for policy in _in_order(manifest, policies):
        for index, rule in enumerate(_rules(policy)):
            if rule.get("targetCluster") is not None and not matches(cluster, rule["targetCluster"]):
                continue
            given = rule.get("overriders") or {}
            try:
                manifest = overriders.apply(manifest, given)
            except OverrideFailed as error:
                name = policy["metadata"]["name"]
                raise OverrideFailed(f"{kind} {name}: overrideRules[{index}].overriders.{error}") from error
            applied.append({"policyName": policy["metadata"]["name"], "overriders": given})
    return manifest, json.dumps(applied, separators=(",", ":"), sort_keys=True) if applied else ""


def _in_order(manifest: Object, policies: Iterable[Object]) -> list[Object]:
    ranked = [(rank, policy) for policy in policies if (rank := rank_of(manifest, policy)) > NO]
    ranked.sort(key=lambda each: (each[0], each[1]["metadata"]["name"]))
    return [policy for _, policy in ranked]


def rank_of(manifest: Object, policy: Object) -> int:
    """How exactly the policy selects the manifest; NO: not at all. No selectors: all manifests."""
    selectors = (policy.get("spec") or {}).get("resourceSelectors")
    if not selectors:
        return ALL
    return max(_rank(manifest, each) for each in selectors)


def _rank(manifest: Object, selector: Mapping[str, Any]) -> int:
    metadata = manifest["metadata"]
    if selector.get("apiVersion") != manifest.get("apiVersion") or selector.get("kind") != manifest.get("kind"):
        return NO
    if selector.get("namespace") and selector["namespace"] != metadata.get("namespace", ""):
        return NO
    if selector.get("name"):
        return NAME if selector["name"] == metadata.get("name") else NO
    if selector.get("labelSelector") is None:
        return ALL
    try:
        return LABELS if from_object(selector["labelSelector"]).matches(labels_of(manifest)) else NO
    except BadRequest:
        return NO


def _rules(policy: Object) -> list[Mapping[str, Any]]:
    """Rules by cluster; the deprecated form of a policy is one rule."""
    spec = policy.get("spec") or {}
    rules = spec.get("overrideRules")
    if rules:
        return list(rules)
    return [{"targetCluster": spec.get("targetCluster"), "overriders": spec.get("overriders") or {}}]
