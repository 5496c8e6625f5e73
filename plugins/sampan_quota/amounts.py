"""Amounts of resources by name, and which names there are. Source: core/v1 ResourceName."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule

#: Name of a resource → quantity.
Amounts = Mapping[str, str]

HUGE = "hugepages-"
_OF_CONTAINERS = frozenset({"cpu", "memory", "ephemeral-storage"})
REQUESTS = "requests."
#: Counted as objects, so never in fractions.
_COUNTED = frozenset({
    "pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps", "persistentvolumeclaims",
    "services.nodeports", "services.loadbalancers",
})  # fmt: skip
_OF_QUOTAS = _OF_CONTAINERS | _COUNTED | {
    "requests.cpu", "requests.memory", "requests.ephemeral-storage", "requests.storage", "limits.cpu", "limits.memory",
    "limits.ephemeral-storage",
}  # fmt: skip
_STANDARD = _OF_QUOTAS | {"storage"}


def resource_name(path: str, name: str, *, of_containers: bool) -> Iterator[Problem]:
    """``of_containers``: what a container can ask for; otherwise all that can be counted."""
    wrong = by_rule(path, name, names.label_key)
    yield from wrong
    if "/" not in name:
        if not wrong and name not in _STANDARD and not name.removeprefix("requests.").startswith(HUGE):
            yield problems.invalid(path, name, "must be a standard resource type or fully qualified")
        if of_containers and name not in _OF_CONTAINERS and not name.startswith(HUGE):
            yield problems.invalid(path, name, "must be a standard resource for containers")
    elif of_containers and not is_native(name) and name.startswith(REQUESTS):
        yield problems.invalid(path, name, "doesn't follow extended resource name standard")


def quota_resource_name(path: str, name: str) -> Iterator[Problem]:
    """What a ResourceQuota can limit."""
    yield from resource_name(path, name, of_containers=False)
    if "/" not in name and not is_standard_of_quotas(name):
        yield problems.invalid(path, name, "must be a standard resource for quota")


def is_standard_of_quotas(name: str) -> bool:
    return name in _OF_QUOTAS or name.removeprefix(REQUESTS).startswith(HUGE)


def is_whole(name: str) -> bool:
    """Whether amounts of it have no fractions: counts of objects, and devices of a vendor."""
    if name in _COUNTED:
        return True
    return not is_native(name) and not name.startswith(REQUESTS) and not names.label_key(REQUESTS + name)


def is_overcommitable(name: str) -> bool:
    """Resources of a vendor and huge pages cannot be promised twice."""
    return is_native(name) and not name.startswith(HUGE)


def is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name
