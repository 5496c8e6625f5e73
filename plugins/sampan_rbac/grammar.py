"""Short notation for roles and bindings, so that the bootstrap policy reads as a table. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object
from sampan_rbac.resources import GROUP
from sampan_rbac.restoring import AUTOUPDATE

READ = "get list watch"
WRITE = "create delete deletecollection patch update"
ALL = f"{WRITE} {READ}"

_BOOTSTRAPPED = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_RESTORED = {AUTOUPDATE: "true"}


def rule(verbs: str, group: str, resources: str, names: str = "") -> Object:
    """Verbs on resources of one group; words are separated by blanks."""
    made: Object = {"verbs": sorted(verbs.split()), "apiGroups": [group], "resources": sorted(resources.split())}
    return {**made, "resourceNames": names.split()} if names else made


def paths(verbs: str, urls: str) -> Object:
    return {"verbs": verbs.split(), "nonResourceURLs": urls.split()}


def cluster_role(
    name: str, rules: Sequence[Object], *, into: str = "", gathers: str = "", labels: dict[str, str] | None = None
) -> Object:
    """A ClusterRole; ``into`` names the aggregate it belongs to, ``gathers`` the one it is."""
    marks = {_aggregate(into): "true"} if into else {}
    role = {
        "kind": "ClusterRole",
        "apiVersion": f"{GROUP}/v1",
        "metadata": _metadata(name, {**marks, **(labels or {})}),
        "rules": list(rules),
    }
    if gathers:
        role["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {_aggregate(gathers): "true"}}]}
    return role


def cluster_binding(name: str, role: str, *subjects: Object) -> Object:
    return {
        "kind": "ClusterRoleBinding",
        "apiVersion": f"{GROUP}/v1",
        "metadata": _metadata(name),
        "subjects": list(subjects),
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
    }


def role(namespace: str, name: str, *rules: Object) -> Object:
    return {
        "kind": "Role",
        "apiVersion": f"{GROUP}/v1",
        "metadata": {**_metadata(name), "namespace": namespace},
        "rules": list(rules),
    }


def binding(namespace: str, name: str, bound: str, *subjects: Object) -> Object:
    return {
        "kind": "RoleBinding",
        "apiVersion": f"{GROUP}/v1",
        "metadata": {**_metadata(name), "namespace": namespace},
        "subjects": list(subjects),
        "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": bound},
    }


def user(name: str) -> Object:
    return {"kind": "User", "apiGroup": GROUP, "name": name}


def group(name: str) -> Object:
    return {"kind": "Group", "apiGroup": GROUP, "name": name}


def _aggregate(name: str) -> str:
    return f"{GROUP}/aggregate-to-{name}"


def _metadata(name: str, labels: dict[str, str] | None = None) -> Object:
    return {"name": name, "labels": {**_BOOTSTRAPPED, **(labels or {})}, "annotations": dict(_RESTORED)}
