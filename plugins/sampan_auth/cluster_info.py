"""Bootstrap tokens over time: the ConfigMap kube-public/cluster-info is signed with each; expired ones go. Pure.

A new node that knows a token checks the signature, and so trusts the certificate in the ConfigMap. Source: upstream's
controllers bootstrapsigner and tokencleaner; "Authenticating with Bootstrap Tokens".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import datetime

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Key, Observed, Remove, Requeue, Update
from sampan_machinery.metadata import is_deleting
from sampan_machinery.resources import CONFIG_MAPS, SECRETS

TOKEN_TYPE = "bootstrap.kubernetes.io/token"
CLUSTER_INFO = Key("kube-public", "cluster-info")
SYSTEM = "kube-system"
_SIGNATURE = "jws-kubeconfig-"


def decide_signatures(key: Key, observed: Observed) -> list[Action]:
    """Sign with all tokens that may sign; signatures of others go."""
    if key != CLUSTER_INFO:
        return []
    found = observed.get(CONFIG_MAPS, key.name, key.namespace)
    content = ((found or {}).get("data") or {}).get("kubeconfig")
    if found is None or not content:
        return []
    tokens = _signing_tokens(observed.list(SECRETS, SYSTEM), observed.now)
    data = {name: value for name, value in found["data"].items() if not name.startswith(_SIGNATURE)}
    data.update((f"{_SIGNATURE}{name}", signature(content, name, secret)) for name, secret in tokens.items())
    return [] if data == found["data"] else [Update(CONFIG_MAPS, {**found, "data": data})]


def signature(content: str, token_id: str, secret: str) -> str:
    """A detached JSON Web Signature (RFC 7515, appendix F) by HMAC."""
    head = _base64url(json.dumps({"alg": "HS256", "kid": token_id}, separators=(",", ":")).encode())
    signed = f"{head}.{_base64url(content.encode())}".encode()
    return f"{head}..{_base64url(hmac.new(secret.encode(), signed, hashlib.sha256).digest())}"


def _signing_tokens(secrets: Iterable[Object], now: float) -> dict[str, str]:
    """Id → secret of the tokens with ``usage-bootstrap-signing``."""
    found = {}
    for secret in secrets:
        data = _data(secret)
        token_id, key = data.get("token-id", ""), data.get("token-secret", "")
        right_name = secret["metadata"]["name"] == f"bootstrap-token-{token_id}"
        ends = _end(data.get("expiration", ""))
        usable = right_name and key and not is_deleting(secret) and (ends is None or ends > now)
        if usable and data.get("usage-bootstrap-signing") == "true":
            found[token_id] = key
    return found


def cluster_info_of(secret: Object, observed: Observed) -> Iterable[Key]:
    return (CLUSTER_INFO,)


def decide_expiry(key: Key, observed: Observed) -> list[Action]:
    """A token whose time is over is deleted; one without an end, or with one that cannot be read, stays."""
    secret = observed.get(SECRETS, key.name, key.namespace)
    if secret is None or secret["metadata"].get("namespace") != SYSTEM or is_deleting(secret):
        return []
    ends = _end(_data(secret).get("expiration", ""))
    if ends is None or ends == float("-inf"):
        return []
    if ends > observed.now:
        return [Requeue(ends - observed.now)]
    return [Remove(SECRETS, key.name, key.namespace, uid=secret["metadata"]["uid"])]


def _end(text: str) -> float | None:
    """When a token ends; None: never. One that cannot be read has ended for those who use it."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return float("-inf")


def _data(secret: Object) -> dict[str, str]:
    found = {}
    for key, value in (secret.get("data") or {}).items():
        try:
            found[key] = base64.b64decode(value or "").decode("utf-8", "replace")
        except ValueError:
            continue
    return found


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
