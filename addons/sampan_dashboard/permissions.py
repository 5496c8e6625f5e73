"""What a user may do, as a SelfSubjectRulesReview says it. Source: Kubernetes API reference, authorization/v1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from sampan.contracts.kinds import Resource
from sampan_client import Client

ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True)
class Rules:
    """``complete`` is False where the authorizer cannot enumerate: then all is offered, and the server decides."""

    rules: tuple[Mapping[str, Any], ...]
    complete: bool = True

    @classmethod
    def unknown(cls) -> Rules:
        return cls((), complete=False)

    @classmethod
    def read(cls, review: Mapping[str, Any]) -> Rules:
        status = review.get("status") or {}
        found = tuple(rule for rule in status.get("resourceRules") or () if isinstance(rule, dict))
        return cls(found, complete=not status.get("incomplete"))

    def may(self, verb: str, resource: Resource, name: str = "", subresource: str = "") -> bool:
        if not self.complete:
            return True
        wanted = f"{resource.plural}/{subresource}" if subresource else resource.plural
        return any(
            _has(rule.get("verbs"), verb)
            and _has(rule.get("apiGroups"), resource.group)
            and _names(rule.get("resources"), wanted, subresource)
            and (not rule.get("resourceNames") or name in rule["resourceNames"])
            for rule in self.rules
        )


def _has(given: Iterable[str] | None, wanted: str) -> bool:
    found = tuple(given or ())
    return "*" in found or wanted in found


def _names(given: Iterable[str] | None, wanted: str, subresource: str) -> bool:
    found = tuple(given or ())
    return "*" in found or wanted in found or bool(subresource and f"*/{subresource}" in found)


def missing_rule(verb: str, resource: Resource, namespace: str = "", subresource: str = "") -> str:
    """The rule that would allow it, as lines of a Role (ClusterRole without a namespace)."""
    wanted = f"{resource.plural}/{subresource}" if subresource else resource.plural
    kind = "Role" if namespace else "ClusterRole"
    where = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"kind: {kind}\nmetadata:\n  name: {verb}-{resource.plural}\n{where}rules:\n"
        f'- apiGroups: ["{resource.group}"]\n  resources: ["{wanted}"]\n  verbs: ["{verb}"]\n'
    )


def scope_of(resource: Resource, namespace: str) -> str:
    return namespace if resource.namespaced else ""


def everything(client: Client) -> bool:
    """Whether the client's user may do all to all resources, as the ClusterRole cluster-admin allows."""
    body: Any = {"spec": {"resourceAttributes": {"verb": "*", "group": "*", "version": "*", "resource": "*"}}}
    answer = msgspec.json.decode(client.request("POST", ACCESS, body=body).body)
    return bool((answer.get("status") or {}).get("allowed"))
