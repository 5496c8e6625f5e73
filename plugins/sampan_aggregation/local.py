"""APIServices of what this server serves itself, so that `kubectl get apiservices` lists all group versions. Pure.

Source: upstream's autoregistration and its table of priorities, which decide the order of groups in discovery.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sampan.contracts.kinds import Object
from sampan_aggregation.resources import AUTOMANAGED
from sampan_machinery.resources import API_SERVICES as APISERVICES

#: Of the groups upstream has, in its order; every other group comes after them.
ORDER = (
    "", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
    "certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "storage.k8s.io",
    "apiextensions.k8s.io", "admissionregistration.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io",
    "discovery.k8s.io", "flowcontrol.apiserver.k8s.io",
)  # fmt: skip
FIRST, STEP, OTHERS, VERSION = 18_000, 100, 1_000, 15


def wanted(group_versions: Iterable[tuple[str, str]]) -> dict[str, Object]:
    """One APIService a group version, by name."""
    return {f"{version}.{group}": _manifest(group, version) for group, version in group_versions}


def _manifest(group: str, version: str) -> Object:
    priority = FIRST - STEP * ORDER.index(group) if group in ORDER else OTHERS
    return {
        "apiVersion": APISERVICES.api_version, "kind": "APIService",
        "metadata": {"name": f"{version}.{group}", "labels": {AUTOMANAGED: "onstart"}},
        "spec": {
            "group": group, "version": version, "groupPriorityMinimum": priority,
            "versionPriority": VERSION if group else 1,
        },
    }  # fmt: skip


def changes(want: dict[str, Object], there: Sequence[Object]) -> tuple[list[Object], list[Object]]:
    """(what has to be made, what has to go): only those that carry our label go."""
    names = {obj["metadata"]["name"] for obj in there}
    gone = [
        obj
        for obj in there
        if (obj["metadata"].get("labels") or {}).get(AUTOMANAGED)
        and not (obj.get("spec") or {}).get("service")
        and obj["metadata"]["name"] not in want
    ]
    return [manifest for name, manifest in want.items() if name not in names], gone
