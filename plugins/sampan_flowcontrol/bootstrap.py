"""The mandatory and the suggested objects, as upstream's (apis/flowcontrol/bootstrap), in short notation. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery.resources import FLOW_SCHEMAS as SCHEMAS
from sampan_machinery.resources import PRIORITY_LEVEL_CONFIGURATIONS as LEVELS

EXEMPT, CATCH_ALL = "exempt", "catch-all"
AUTOUPDATE = "apf.kubernetes.io/autoupdate-spec"

_ANY = ["*"]
_EVERYBODY = ("system:unauthenticated", "system:authenticated")
_RESOURCES = {"verbs": _ANY, "apiGroups": _ANY, "resources": _ANY, "namespaces": _ANY, "clusterScope": True}
_PATHS = {"verbs": _ANY, "nonResourceURLs": _ANY}
_EVERYTHING = {"resourceRules": [_RESOURCES], "nonResourceRules": [_PATHS]}
_ACCOUNTS_OF_SYSTEM = {"kind": "ServiceAccount", "serviceAccount": {"name": "*", "namespace": "kube-system"}}


def _groups(*names: str) -> list[Object]:
    return [{"kind": "Group", "group": {"name": name}} for name in names]


def _users(*names: str) -> list[Object]:
    return [{"kind": "User", "user": {"name": name}} for name in names]


def _rule(verbs: Sequence[str], group: str, resources: Sequence[str], *, cluster: bool) -> Object:
    made: Object = {"verbs": list(verbs), "apiGroups": [group], "resources": list(resources), "namespaces": _ANY}
    return {**made, "clusterScope": True} if cluster else made


def _limited(shares: int, lendable: int, queuing: tuple[int, int, int] | None) -> Object:
    response: Object = {"type": "Reject"}
    if queuing is not None:
        queues, hand, length = queuing
        response = {"type": "Queue", "queuing": {"queues": queues, "handSize": hand, "queueLengthLimit": length}}
    limited = {"nominalConcurrencyShares": shares, "lendablePercent": lendable, "limitResponse": response}
    return {"type": "Limited", "limited": limited}


def _schema(precedence: int, level: str, by: str, subjects: Sequence[Object], rules: Mapping[str, Any]) -> Object:
    made: Object = {
        "matchingPrecedence": precedence,
        "priorityLevelConfiguration": {"name": level},
        "rules": [{"subjects": list(subjects), **rules}],
    }
    return {**made, "distinguisherMethod": {"type": by}} if by else made


_LEVELS: dict[str, Object] = {
    EXEMPT: {"type": "Exempt", "exempt": {"nominalConcurrencyShares": 0, "lendablePercent": 0}},
    CATCH_ALL: _limited(5, 0, None),
    "system": _limited(30, 33, (64, 6, 50)),
    "node-high": _limited(40, 25, (64, 6, 50)),
    "leader-election": _limited(10, 0, (16, 4, 50)),
    "workload-high": _limited(40, 50, (128, 6, 50)),
    "workload-low": _limited(100, 90, (128, 6, 50)),
    "global-default": _limited(20, 50, (128, 6, 50)),
}
_LEASES = "coordination.k8s.io"
_SCHEMAS: dict[str, Object] = {
    EXEMPT: _schema(1, EXEMPT, "", _groups("system:masters"), _EVERYTHING),
    CATCH_ALL: _schema(10_000, CATCH_ALL, "ByUser", _groups(*_EVERYBODY), _EVERYTHING),
    "probes": _schema(
        2, EXEMPT, "", _groups(*_EVERYBODY),
        {"nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz", "/readyz", "/livez"]}]},
    ),
    "system-leader-election": _schema(
        100, "leader-election", "ByUser",
        [*_users("system:kube-controller-manager", "system:kube-scheduler"), _ACCOUNTS_OF_SYSTEM],
        {"resourceRules": [_rule(["get", "create", "update"], _LEASES, ["leases"], cluster=False)]},
    ),
    "system-node-high": _schema(
        400, "node-high", "ByUser", _groups("system:nodes"),
        {
            "resourceRules": [
                _rule(_ANY, "", ["nodes", "nodes/status"], cluster=True),
                _rule(_ANY, _LEASES, ["leases"], cluster=False),
            ]
        },
    ),
    "system-nodes": _schema(500, "system", "ByUser", _groups("system:nodes"), _EVERYTHING),
    "kube-controller-manager": _schema(
        800, "workload-high", "ByNamespace", _users("system:kube-controller-manager"), _EVERYTHING
    ),
    "kube-scheduler": _schema(800, "workload-high", "ByNamespace", _users("system:kube-scheduler"), _EVERYTHING),
    "kube-system-service-accounts": _schema(900, "workload-high", "ByNamespace", [_ACCOUNTS_OF_SYSTEM], _EVERYTHING),
    "service-accounts": _schema(9000, "workload-low", "ByUser", _groups("system:serviceaccounts"), _EVERYTHING),
    "global-default": _schema(9900, "global-default", "ByUser", _groups(*_EVERYBODY), _EVERYTHING),
}  # fmt: skip


def mandatory_level(name: str) -> Object | None:
    return _LEVELS[name] if name in (EXEMPT, CATCH_ALL) else None


def mandatory_schema(name: str) -> Object | None:
    return _SCHEMAS[name] if name in (EXEMPT, CATCH_ALL) else None


def level(name: str) -> Object:
    return _manifest(LEVELS.api_version, LEVELS.kind, name, _LEVELS[name])


def schema(name: str) -> Object:
    return _manifest(SCHEMAS.api_version, SCHEMAS.kind, name, _SCHEMAS[name])


def manifests() -> list[Object]:
    return [*map(level, _LEVELS), *map(schema, _SCHEMAS)]


def _manifest(api_version: str, kind: str, name: str, spec: Object) -> Object:
    return {
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "annotations": {AUTOUPDATE: "true"}}, "spec": copy.deepcopy(spec),
    }  # fmt: skip


def restore(current: Object, contributed: Object) -> Object | None:
    """At the start: the spec is set back where the object says so, or where no one has changed it."""
    metadata = current["metadata"]
    says = (metadata.get("annotations") or {}).get(AUTOUPDATE)
    ours = says == "true" if says is not None else metadata.get("generation") == 1
    name = metadata["name"]
    if name in (EXEMPT, CATCH_ALL) and not (name == EXEMPT and current["kind"] == LEVELS.kind):
        ours = True
    if not ours or current.get("spec") == contributed["spec"]:
        return None
    return {**current, "spec": contributed["spec"]}
