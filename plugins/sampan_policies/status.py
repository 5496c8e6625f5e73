"""Keeps the status of ValidatingAdmissionPolicies: each generation is type checked once.

Source: upstream's controller validatingadmissionpolicy-status.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, ClientReconciler, Key, Observed
from sampan.errors import NotFound, StatusError
from sampan_machinery.resources import CUSTOM_RESOURCE_DEFINITIONS as DEFINITIONS
from sampan_machinery.resources import VALIDATING_ADMISSION_POLICIES as POLICIES

if TYPE_CHECKING:
    from sampan_cel.types import Type
    from sampan_client import Client
    from sampan_policies.typechecking import Address

NAME = "validatingadmissionpolicy-status"


def reconcile(key: Key, client: Client, observed: Observed) -> Iterable[Action]:
    policy = observed.get(POLICIES, key.name)
    if policy is None or not is_due(policy):
        return ()
    from sampan_policies.typechecking import warnings  # loads CEL

    kinds = Kinds(client)
    found = warnings(policy.get("spec") or {}, kinds.of, kinds.type)
    with suppress(NotFound):  # it is gone
        client.patch(
            POLICIES, key.name, applied(policy, found), how="apply", subresource="status", field_manager=NAME,
            force=True,
        )  # fmt: skip
    return ()


def is_due(policy: Object) -> bool:
    """Whether this generation has not been looked at."""
    generation = policy["metadata"].get("generation") or 0
    return generation > ((policy.get("status") or {}).get("observedGeneration") or 0)


def applied(policy: Object, warnings: list[dict[str, str]]) -> Object:
    """What is applied to the status."""
    checking: dict[str, Any] = {"expressionWarnings": warnings} if warnings else {}
    return {
        "apiVersion": POLICIES.api_version, "kind": POLICIES.kind,
        "metadata": {"name": policy["metadata"]["name"], "uid": policy["metadata"].get("uid")},
        "status": {"observedGeneration": policy["metadata"].get("generation"), "typeChecking": checking},
    }  # fmt: skip


class Kinds:
    """The kinds of a cluster and the types of their objects, asked for once each."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lists: dict[str, Mapping[str, str]] = {}  # kinds by plural, by path

    def of(self, group: str, version: str, plural: str) -> Address | None:
        from sampan_policies.typechecking import Address

        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        if path not in self._lists:
            self._lists[path] = self._list(path)
        kind = self._lists[path].get(plural)
        return None if kind is None else Address(group, version, kind)

    def type(self, kind: Address) -> Type | None:
        from sampan_machinery import schema
        from sampan_machinery.expressions.typed import type_of_node

        schemas = schema.load()
        if schemas.has(*kind):
            return type_of_node(schemas.node(*kind), kind.kind)
        return self._custom(kind)

    def _list(self, path: str) -> Mapping[str, str]:
        try:
            found = json.loads(self._client.request("GET", path).body)
        except StatusError:
            return {}
        return {each["name"]: each["kind"] for each in found.get("resources") or () if "/" not in each["name"]}

    def _custom(self, kind: Address) -> Type | None:
        """By the schema of its CustomResourceDefinition."""
        from sampan_machinery.expressions.declarations import declared

        kinds = self._lists.get(f"/apis/{kind.group}/{kind.version}") or self._list(
            f"/apis/{kind.group}/{kind.version}"
        )
        for plural in (plural for plural, name in kinds.items() if name == kind.kind):
            try:
                definition = self._client.get(DEFINITIONS, f"{plural}.{kind.group}")
            except StatusError:
                continue
            for version in (definition.get("spec") or {}).get("versions") or ():
                found = (version.get("schema") or {}).get("openAPIV3Schema")
                if version.get("name") == kind.version and found:
                    return declared(found, kind.kind, root=True)[0]
        return None


RECONCILER = ClientReconciler(name=NAME, primary=POLICIES, reconcile=reconcile)
