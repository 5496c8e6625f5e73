"""Secrets that hold an account's token for ever, for those who still ask for one by hand.

Source: "Manually create a long-lived API token for a ServiceAccount".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Key, Observed, Patch, Remove
from sampan_accounts.resources import NAME_ANNOTATION, TOKEN_TYPE, UID_ANNOTATION
from sampan_machinery.metadata import is_deleting
from sampan_machinery.resources import SECRETS
from sampan_machinery.resources import SERVICE_ACCOUNTS as ACCOUNTS


def fill(certificate: str, sign: Callable[[dict[str, Any]], str]) -> Callable[[Key, Observed], Iterable[Action]]:
    """Give each such Secret token, ca.crt and namespace; remove it when its account has gone."""

    def decide(key: Key, observed: Observed) -> Iterable[Action]:
        secret = observed.get(SECRETS, key.name, key.namespace)
        if secret is None or secret.get("type") != TOKEN_TYPE or is_deleting(secret):
            return ()
        annotations = secret["metadata"].get("annotations") or {}
        account = observed.get(ACCOUNTS, annotations.get(NAME_ANNOTATION, ""), key.namespace)
        if account is None or annotations.get(UID_ANNOTATION, account["metadata"]["uid"]) != account["metadata"]["uid"]:
            return (Remove(SECRETS, key.name, key.namespace, uid=secret["metadata"].get("uid", "")),)
        missing = _missing(secret, account, certificate, sign)
        if not missing and UID_ANNOTATION in annotations:
            return ()
        patch = {"metadata": {"annotations": {UID_ANNOTATION: account["metadata"]["uid"]}}, "data": missing}
        return (Patch(SECRETS, key.name, key.namespace, patch),)

    return decide


def _missing(
    secret: Object, account: Object, certificate: str, sign: Callable[[dict[str, Any]], str]
) -> dict[str, str]:
    data = secret.get("data") or {}
    wanted = {"ca.crt": certificate, "namespace": secret["metadata"]["namespace"]}
    missing = {key: text for key, text in wanted.items() if text and data.get(key) != _encoded(text)}
    if not data.get("token"):
        missing["token"] = sign(_claims(secret, account))
    return {key: _encoded(text) for key, text in missing.items()}


def _claims(secret: Object, account: Object) -> dict[str, Any]:
    namespace, name = account["metadata"]["namespace"], account["metadata"]["name"]
    prefix = "kubernetes.io/serviceaccount"
    return {
        "iss": "kubernetes/serviceaccount",
        "sub": f"system:serviceaccount:{namespace}:{name}",
        f"{prefix}/namespace": namespace,
        f"{prefix}/secret.name": secret["metadata"]["name"],
        f"{prefix}/service-account.name": name,
        f"{prefix}/service-account.uid": account["metadata"]["uid"],
    }


def secrets_of(account: Object, observed: Observed) -> Iterable[Key]:
    """The token Secrets of an account that has come, changed or gone."""
    namespace, name = account["metadata"]["namespace"], account["metadata"]["name"]
    return [
        Key(namespace, secret["metadata"]["name"])
        for secret in observed.list(SECRETS, namespace)
        if secret.get("type") == TOKEN_TYPE
        and (secret["metadata"].get("annotations") or {}).get(NAME_ANNOTATION) == name
    ]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
