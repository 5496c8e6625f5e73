"""A user as Kubernetes' objects show it."""

from __future__ import annotations

from typing import Any

from sampan.contracts.access import User


def user_info(user: User) -> dict[str, Any]:
    """authentication.k8s.io/v1 UserInfo; what is empty is left out, but for the name."""
    found: dict[str, Any] = {"username": user.name}
    if user.uid:
        found["uid"] = user.uid
    if user.groups:
        found["groups"] = list(user.groups)
    if user.extra:
        found["extra"] = {key: list(values) for key, values in user.extra.items()}
    return found
