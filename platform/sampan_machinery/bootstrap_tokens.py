"""Bootstrap tokens: their form, the Secret that holds one, and the signature of kube-public/cluster-info. Pure.

Source: "Authenticating with Bootstrap Tokens"; the formats are kubeadm's, so that its users find what they know.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sampan_machinery.metadata import now_text

TYPE = "bootstrap.kubernetes.io/token"
NAMESPACE = "kube-system"
INFO_NAMESPACE, INFO_NAME = "kube-public", "cluster-info"
SIGNATURE = "jws-kubeconfig-"  # and the token's id: a key of the ConfigMap
PREFIX = "bootstrap-token-"  # and the token's id: the Secret's name
NODES_GROUP = "system:bootstrappers:kubeadm:default-node-token"
USAGES = ("signing", "authentication")

FORM = re.compile(r"([a-z0-9]{6})\.([a-z0-9]{16})")
GROUP = re.compile(r"system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]")
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Token:
    """``expires``: seconds since the epoch, None: never; -inf for a time that cannot be read."""

    id: str
    secret: str
    expires: float | None = None
    usages: tuple[str, ...] = USAGES
    groups: tuple[str, ...] = (NODES_GROUP,)
    description: str = ""

    @property
    def text(self) -> str:
        return f"{self.id}.{self.secret}"


def parse(text: str) -> tuple[str, str]:
    """(id, secret); raises ValueError."""
    form = FORM.fullmatch(text)
    if form is None:
        raise ValueError('a bootstrap token looks like "abcdef.0123456789abcdef", in lower-case letters and digits')
    return form[1], form[2]


def secret_of(token: Token) -> dict[str, Any]:
    """The Secret as it is created."""
    fields = {"token-id": token.id, "token-secret": token.secret, "auth-extra-groups": ",".join(token.groups)}
    fields |= {f"usage-bootstrap-{usage}": "true" for usage in token.usages}
    if token.expires is not None:
        fields["expiration"] = now_text(token.expires)
    if token.description:
        fields["description"] = token.description
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in fields.items() if value}
    metadata = {"name": f"{PREFIX}{token.id}", "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "type": TYPE, "metadata": metadata, "data": encoded}


def token_of(secret: Mapping[str, Any]) -> Token | None:
    """What such a Secret holds, None for one that is not in order."""
    data = fields_of(secret)
    identity, key = data.get("token-id", ""), data.get("token-secret", "")
    if not FORM.fullmatch(f"{identity}.{key}") or secret["metadata"].get("name") != f"{PREFIX}{identity}":
        return None
    usages = tuple(usage for usage in USAGES if data.get(f"usage-bootstrap-{usage}") == "true")
    groups = tuple(filter(None, data.get("auth-extra-groups", "").split(",")))
    return Token(identity, key, end_of(data.get("expiration", "")), usages, groups, data.get("description", ""))


def fields_of(secret: Mapping[str, Any]) -> dict[str, str]:
    """A Secret's data as text; what cannot be decoded is left out."""
    found = {}
    for key, value in (secret.get("data") or {}).items():
        try:
            found[key] = base64.b64decode(value or "").decode("utf-8", "replace")
        except ValueError:
            continue
    return found


def end_of(text: str) -> float | None:
    """When a token ends; None: never. One that cannot be read has ended for those who use it."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return float("-inf")


def signature(content: str, token_id: str, secret: str) -> str:
    """A detached JSON Web Signature (RFC 7515, appendix F) by HMAC."""
    head = _base64url(json.dumps({"alg": "HS256", "kid": token_id}, separators=(",", ":")).encode())
    return _sealed(head, content, secret)


def is_signed(content: str, signed: str, token_id: str, secret: str) -> bool:
    """Whether it is a signature of that content by that token, with whatever order of fields in its head."""
    head, dots, _ = signed.partition("..")
    try:
        said = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return False
    if not dots or not isinstance(said, dict) or said.get("alg") != "HS256" or said.get("kid") != token_id:
        return False
    return hmac.compare_digest(_sealed(head, content, secret).encode(), signed.encode())


def hashes_of(text: Sequence[str]) -> tuple[str, ...]:
    """Hashes of authorities' public keys in lower case; raises ValueError for what is none."""
    for each in text:
        if not re.fullmatch(r"sha256:[0-9a-fA-F]{64}", each):
            raise ValueError(f"{each!r} is no hash of an authority: sha256: and 64 hexadecimal digits")
    return tuple(each.lower() for each in text)


def _sealed(head: str, content: str, secret: str) -> str:
    signed = f"{head}.{_base64url(content.encode())}".encode()
    return f"{head}..{_base64url(hmac.new(secret.encode(), signed, hashlib.sha256).digest())}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
