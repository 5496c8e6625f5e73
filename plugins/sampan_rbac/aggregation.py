"""Aggregated ClusterRoles: the rules of other roles, selected by label. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Key, Observed, Update
from sampan_machinery import selectors
from sampan_machinery.resources import CLUSTER_ROLES


def aggregate(key: Key, observed: Observed) -> Iterable[Action]:
    """Give the role the rules of all it gathers, in the order of their names; nothing when it has them."""
    role = observed.get(CLUSTER_ROLES, key.name)
    if role is None or not role.get("aggregationRule") or role["metadata"].get("deletionTimestamp"):
        return ()
    rules = gathered(role, observed.list(CLUSTER_ROLES))
    if rules == (role.get("rules") or []):
        return ()
    return (Update(CLUSTER_ROLES, {**role, "rules": rules}),)


def gathered(role: Object, roles: Sequence[Object]) -> list[Object]:
    """The rules of every role that one of the selectors picks, each rule once."""
    chosen = (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or []
    picked = [selectors.from_object(selector) for selector in chosen]
    rules: list[Object] = []
    for other in sorted(roles, key=lambda other: str(other["metadata"]["name"])):
        if other["metadata"]["name"] == role["metadata"]["name"]:
            continue
        labels = other["metadata"].get("labels") or {}
        if any(selector.matches(labels) for selector in picked):
            rules.extend(rule for rule in other.get("rules") or () if rule not in rules)
    return rules


def gatherers(changed: Object, observed: Observed) -> Iterable[Key]:
    """The roles that may have to be aggregated again when ``changed`` has: all aggregated ones, as they are few."""
    return [Key("", role["metadata"]["name"]) for role in observed.list(CLUSTER_ROLES) if role.get("aggregationRule")]
