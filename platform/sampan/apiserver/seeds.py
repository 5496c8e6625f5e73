"""Objects that must exist before the cluster is ready. Several servers may do it at once: losing a race is fine."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from sampan.apiserver import drive
from sampan.apiserver.cache.cache import Cache
from sampan.apiserver.cluster import InsideCluster
from sampan.apiserver.registry import Registry
from sampan.apiserver.writes import Write
from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists

log = logging.getLogger(__name__)


def sow(seeds: Iterable[tuple[str, Object]], cluster: InsideCluster, registry: Registry, cache: Cache) -> list[str]:
    """Create what is missing from (plugin, manifest) pairs, namespaces first; returns what failed, in words."""
    found = list(seeds)
    first = [pair for pair in found if pair[1].get("kind") == "Namespace"]
    failed = _sow_all(first, cluster, registry, cache)
    return failed + _sow_all([pair for pair in found if pair not in first], cluster, registry, cache)


def _sow_all(
    seeds: Sequence[tuple[str, Object]], cluster: InsideCluster, registry: Registry, cache: Cache
) -> list[str]:
    failed, works, meant = [], [], []
    for plugin, seed in seeds:
        try:
            work = _sow_one(seed, cluster, registry)
        except Exception as error:
            failed.append(_failure(plugin, seed, error))
            continue
        if work is not None:
            works.append(work)
            meant.append((plugin, seed))
    for (plugin, seed), result in zip(meant, drive.block_all(works, cache), strict=True):
        if isinstance(result, Exception) and not isinstance(result, AlreadyExists):
            failed.append(_failure(plugin, seed, result))
    return failed


def _sow_one(seed: Object, cluster: InsideCluster, registry: Registry) -> Write | None:
    """The work of creating it, or None where it is there."""
    group, _, version = str(seed["apiVersion"]).rpartition("/")
    served = registry.by_kind(group, version, str(seed["kind"]))
    if served is None:
        raise KeyError(f"{seed['kind']} of {seed['apiVersion']} is not served")
    meta = seed["metadata"]
    namespace, name = meta.get("namespace", ""), meta["name"]
    current = cluster.get(served.resource, name, namespace)
    if current is None:
        return cluster.creating(served.resource, seed, namespace)
    restore = served.kind.restore
    if restore is not None and restore(current, seed) is not None:
        cluster.update(served.resource, name, namespace, lambda obj: restore(obj, seed))
    return None


def _failure(plugin: str, seed: Object, error: Exception) -> str:
    log.error("plugin %s: seed %s cannot be made: %s", plugin, _name(seed), error)
    return f"{plugin}: {_name(seed)}: {error}"


def _name(seed: Object) -> str:
    meta = seed.get("metadata") or {}
    return "/".join(filter(None, (str(seed.get("kind")), meta.get("namespace", ""), meta.get("name", ""))))
