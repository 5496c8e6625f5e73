"""Bootstrap objects: what must exist before the cluster is ready is created, by each server that starts.

Several may do it at once: losing a race is fine.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists
from sampan_server.cache.cache import Cache
from sampan_server.registry import Registry
from sampan_server.write import drive
from sampan_server.write.cluster import InsideCluster
from sampan_server.write.writes import Write

log = logging.getLogger(__name__)


def create_missing(
    objects: Iterable[tuple[str, Object]], cluster: InsideCluster, registry: Registry, cache: Cache
) -> list[str]:
    """Create what is missing from (plugin, manifest) pairs, namespaces first; returns what failed, in words."""
    found = list(objects)
    first = [pair for pair in found if pair[1].get("kind") == "Namespace"]
    failed = _create_all(first, cluster, registry, cache)
    return failed + _create_all([pair for pair in found if pair not in first], cluster, registry, cache)


def _create_all(
    objects: Sequence[tuple[str, Object]], cluster: InsideCluster, registry: Registry, cache: Cache
) -> list[str]:
    failed, works, meant = [], [], []
    for plugin, obj in objects:
        try:
            work = _write_for(obj, cluster, registry)
        except Exception as error:
            failed.append(_failure(plugin, obj, error))
            continue
        if work is not None:
            works.append(work)
            meant.append((plugin, obj))
    for (plugin, obj), result in zip(meant, drive.block_all(works, cache), strict=True):
        if isinstance(result, Exception) and not isinstance(result, AlreadyExists):
            failed.append(_failure(plugin, obj, result))
    return failed


def _write_for(obj: Object, cluster: InsideCluster, registry: Registry) -> Write | None:
    """The work of creating it, or None where it is there."""
    group, _, version = str(obj["apiVersion"]).rpartition("/")
    served = registry.by_kind(group, version, str(obj["kind"]))
    if served is None:
        raise KeyError(f"{obj['kind']} of {obj['apiVersion']} is not served")
    meta = obj["metadata"]
    namespace, name = meta.get("namespace", ""), meta["name"]
    current = cluster.get(served.resource, name, namespace)
    if current is None:
        return cluster.creating(served.resource, obj, namespace)
    restore = served.kind.restore
    if restore is not None and restore(current, obj) is not None:
        cluster.update(served.resource, name, namespace, lambda now: restore(now, obj))
    return None


def _failure(plugin: str, obj: Object, error: Exception) -> str:
    log.error("plugin %s: bootstrap object %s cannot be created: %s", plugin, _name(obj), error)
    return f"{plugin}: {_name(obj)}: {error}"


def _name(obj: Object) -> str:
    meta = obj.get("metadata") or {}
    return "/".join(filter(None, (str(obj.get("kind")), meta.get("namespace", ""), meta.get("name", ""))))
