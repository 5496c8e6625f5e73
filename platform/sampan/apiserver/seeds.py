"""Objects that must exist before the cluster is ready. Several servers may do it at once: losing a race is fine."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sampan.apiserver.cluster import InsideCluster
from sampan.apiserver.registry import Registry
from sampan.contracts.kinds import Object, Resource
from sampan.errors import AlreadyExists, SampanError

log = logging.getLogger(__name__)

AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"


def sow(seeds: Iterable[tuple[str, Object]], cluster: InsideCluster, registry: Registry) -> list[str]:
    """Create what is missing from (plugin, manifest) pairs, namespaces first; returns what failed, in words."""
    failed = []
    for plugin, seed in sorted(seeds, key=lambda pair: pair[1].get("kind") != "Namespace"):
        try:
            _sow_one(seed, cluster, registry)
        except (SampanError, ValueError, KeyError) as error:
            log.error("plugin %s: seed %s cannot be made: %s", plugin, _name(seed), error)
            failed.append(f"{plugin}: {_name(seed)}: {error}")
    return failed


def _sow_one(seed: Object, cluster: InsideCluster, registry: Registry) -> None:
    group, _, version = str(seed["apiVersion"]).rpartition("/")
    served = registry.by_kind(group, version, str(seed["kind"]))
    if served is None:
        raise KeyError(f"{seed['kind']} of {seed['apiVersion']} is not served")
    meta = seed["metadata"]
    namespace, name = meta.get("namespace", ""), meta["name"]
    current = cluster.get(served.resource, name, namespace)
    if current is None:
        try:
            cluster.create(served.resource, seed, namespace)
        except AlreadyExists:
            return
    elif (current["metadata"].get("annotations") or {}).get(AUTOUPDATE) == "true":
        _give_back(seed, served.resource, cluster, namespace, name)


def _give_back(seed: Object, resource: Resource, cluster: InsideCluster, namespace: str, name: str) -> None:
    """Rules and subjects that a newer version brings and the object lacks."""

    def change(obj: Object) -> Object | None:
        lacking = {
            key: [each for each in seed.get(key) or () if each not in (obj.get(key) or [])]
            for key in ("rules", "subjects")
        }
        if not any(lacking.values()):
            return None
        for key, found in lacking.items():
            if found:
                obj[key] = [*(obj.get(key) or []), *found]
        return obj

    cluster.update(resource, name, namespace, change)


def _name(seed: Object) -> str:
    meta = seed.get("metadata") or {}
    return "/".join(filter(None, (str(seed.get("kind")), meta.get("namespace", ""), meta.get("name", ""))))
