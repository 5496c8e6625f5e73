"""Who may come without credentials, as an AuthenticationConfiguration says. Source: KEP-4633."""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.access import Credentials, User


class AnonymousRule:
    """Identifies no caller; decides which paths are open to callers without credentials. ``paths``: exactly these, None
    for all; what such a caller may do there is left to the authorizers."""

    name = "anonymous"

    def __init__(self, *, enabled: bool, paths: Iterable[str] | None) -> None:
        self._enabled = enabled
        self._paths = None if paths is None else frozenset(paths)

    def authenticate(self, credentials: Credentials) -> User | None:
        return None

    def admits_anonymous(self, path: str) -> bool:
        return self._enabled and (self._paths is None or path in self._paths)
