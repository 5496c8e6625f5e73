"""Plugins made from their arguments (pluginConfig). Source: kubescheduler.config.k8s.io/v1, its defaults and bounds."""

from __future__ import annotations

from typing import Any

from sampan.errors import ConfigError
from sampan_machinery.selectors import from_node_term
from sampan_scheduler.configuration.fields import Fields
from sampan_scheduler.pods import DEFAULT_SPREAD, PREFERRED, REQUIRED, Defaults
from sampan_scheduler.profiles import Candidates
from sampan_scheduler.rules.interpod import InterPodAffinity
from sampan_scheduler.rules.node_affinity import NodeAffinity
from sampan_scheduler.rules.resources_fit import (
    SCORED,
    BalancedAllocation,
    ResourcesFit,
    Scorer,
    by_shape,
    least_allocated,
    most_allocated,
)

SHAPE = [(0, 0), (100, 10)]  # upstream's default: the fuller the better


def candidates(args: Fields) -> Candidates:
    """DefaultPreemptionArgs."""
    args.only("apiVersion", "kind", "minCandidateNodesPercentage", "minCandidateNodesAbsolute")
    percentage = args.integer("minCandidateNodesPercentage", 10, 0, 100)
    least = args.integer("minCandidateNodesAbsolute", 100, 0)
    if not percentage and not least:
        raise ConfigError(f"{args.path}: minCandidateNodesPercentage and minCandidateNodesAbsolute must not both be 0")
    return Candidates(percentage, least)


def spread_defaults(args: Fields) -> Defaults:
    """PodTopologySpreadArgs."""
    args.only("apiVersion", "kind", "defaultConstraints", "defaultingType")
    kind = args.one_of("defaultingType", "System", "System", "List")
    found = []
    for each in args.mappings("defaultConstraints"):
        each.only("maxSkew", "topologyKey", "whenUnsatisfiable")
        if not each.text("topologyKey"):
            raise ConfigError(f"{each.at('topologyKey')} is missing")
        found.append({
            "maxSkew": each.integer("maxSkew", 0, 1), "topologyKey": each.text("topologyKey"),
            "whenUnsatisfiable": each.one_of("whenUnsatisfiable", "", "DoNotSchedule", "ScheduleAnyway"),
        })  # fmt: skip
    if kind == "System":
        if found:
            raise ConfigError(f"{args.at('defaultConstraints')} needs defaultingType: List")
        return Defaults(DEFAULT_SPREAD, True)
    return Defaults(tuple(found), False)


def interpod_affinity(args: Fields) -> InterPodAffinity:
    """InterPodAffinityArgs."""
    args.only("apiVersion", "kind", "hardPodAffinityWeight", "ignorePreferredTermsOfExistingPods")
    weight = args.integer("hardPodAffinityWeight", 1, 0, 100)
    return InterPodAffinity(weight, ignore_placed=args.truth("ignorePreferredTermsOfExistingPods"))


def node_affinity(args: Fields) -> NodeAffinity:
    """NodeAffinityArgs."""
    args.only("apiVersion", "kind", "addedAffinity")
    added = args.mapping("addedAffinity").only(REQUIRED, PREFERRED)
    required = added.mapping(REQUIRED).only("nodeSelectorTerms")
    terms = [(each, each.path) for each in required.mappings("nodeSelectorTerms")]
    for each in added.mappings(PREFERRED):
        each.only("weight", "preference").integer("weight", 0, 1, 100)
        terms.append((each.mapping("preference"), each.at("preference")))
    for term, path in terms:
        term.only("matchExpressions", "matchFields")
        for name in ("matchExpressions", "matchFields"):
            try:
                from_node_term(term.list(name))
            except Exception as error:
                raise ConfigError(f"{path}.{name}: {error}") from error
    return NodeAffinity(args.raw("addedAffinity"))


def resources_fit(args: Fields) -> ResourcesFit:
    """NodeResourcesFitArgs."""
    args.only("apiVersion", "kind", "ignoredResources", "ignoredResourceGroups", "scoringStrategy")
    groups = args.texts("ignoredResourceGroups")
    for place, group in enumerate(groups):
        if "/" in group:
            raise ConfigError(f"{args.at('ignoredResourceGroups')}[{place}] must not contain '/'")
    ignored = frozenset((*args.texts("ignoredResources"), *(f"{group}/" for group in groups)))
    strategy = args.mapping("scoringStrategy").only("type", "resources", "requestedToCapacityRatio")
    kind = strategy.one_of("type", "LeastAllocated", "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio")
    scorer: Scorer = most_allocated if kind == "MostAllocated" else least_allocated
    if kind == "RequestedToCapacityRatio":
        scorer = by_shape(_shape(strategy.mapping("requestedToCapacityRatio").only("shape")))
    return ResourcesFit(
        scorer, _resources(strategy, weighted=True), skips_zero=kind == "RequestedToCapacityRatio", ignored=ignored
    )


def balanced_allocation(args: Fields) -> BalancedAllocation:
    """NodeResourcesBalancedAllocationArgs."""
    return BalancedAllocation(_resources(args.only("apiVersion", "kind", "resources"), weighted=False))


def _resources(fields: Fields, *, weighted: bool) -> Any:
    found = []
    for each in fields.mappings("resources"):
        each.only("name", "weight")
        if not each.text("name"):
            raise ConfigError(f"{each.at('name')} is missing")
        # A weight that is absent or 0 is 1, as upstream's defaults have it.
        found.append((each.text("name"), each.integer("weight", 1, 0, 100 if weighted else 1) or 1))
    return tuple(found) or SCORED


def _shape(fields: Fields) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for each in fields.mappings("shape"):
        each.only("utilization", "score")
        point = each.integer("utilization", 0, 0, 100), each.integer("score", 0, 0, 10)
        if found and point[0] <= found[-1][0]:
            raise ConfigError(f"{each.at('utilization')} must be more than {found[-1][0]}: shape has to ascend")
        found.append(point)
    if not found:
        raise ConfigError(f"{fields.at('shape')} must have at least one point")
    return [(utilization, score * 10) for utilization, score in found]
