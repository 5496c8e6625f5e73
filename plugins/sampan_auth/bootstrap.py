"""Bootstrap tokens: Secrets in kube-system with which a new node introduces itself.

Source: "Authenticating with Bootstrap Tokens" (id.secret, both lower-case letters and digits).
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable
from datetime import datetime

from sampan.contracts.access import User
from sampan.contracts.serving import Reader
from sampan_auth.resources import AUTHENTICATED
from sampan_machinery.bootstrap_tokens import FORM, GROUP
from sampan_machinery.resources import SECRETS


def bootstrapper(token: str, reader: Reader, clock: Callable[[], float] = time.time) -> User | None:
    """The user of a bootstrap token, None where there is no such token or it may not be used (any more)."""
    form = FORM.fullmatch(token)
    if form is None:
        return None
    secret = reader.get(SECRETS, f"bootstrap-token-{form[1]}", "kube-system")
    if secret is None or secret.get("type") != "bootstrap.kubernetes.io/token":
        return None
    if secret["metadata"].get("deletionTimestamp"):
        return None
    data = {
        key: base64.b64decode(value or "").decode("utf-8", "replace")
        for key, value in (secret.get("data") or {}).items()
    }
    if data.get("token-id") != form[1] or not hmac.compare_digest(
        data.get("token-secret", "").encode(), form[2].encode()
    ):
        return None
    if data.get("usage-bootstrap-authentication") != "true" or _has_ended(data.get("expiration", ""), clock()):
        return None
    more = [group for group in data.get("auth-extra-groups", "").split(",") if GROUP.fullmatch(group)]
    return User(f"system:bootstrap:{form[1]}", ("system:bootstrappers", *more, AUTHENTICATED))


def _has_ended(expiration: str, now: float) -> bool:
    if not expiration:
        return False
    try:
        return datetime.fromisoformat(expiration).timestamp() <= now
    except ValueError:
        return True
