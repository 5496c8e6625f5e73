"""Who may come without credentials, as an AuthenticationConfiguration says. Source: KEP-4633."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sampan.contracts.access import Credentials, User
from sampan.contracts.kinds import Problem
from sampan_machinery import problems


@dataclass
class AnonymousRule:
    """Is an Authenticator that identifies no caller, and decides which paths are open without credentials. ``paths``:
    exactly these, None for all; what such a caller may do there is left to the authorizers."""

    enabled: bool
    paths: frozenset[str] | None
    name: str = "anonymous"

    def authenticate(self, credentials: Credentials) -> User | None:
        return None

    def admits_anonymous(self, path: str) -> bool:
        return self.enabled and (self.paths is None or path in self.paths)


def rule_of(configuration: Mapping[str, Any]) -> AnonymousRule | None:
    """The rule of a configuration in which ``check_anonymous`` finds nothing; None where it says nothing of it."""
    found = configuration.get("anonymous")
    if found is None:
        return None
    conditions = found.get("conditions") or []
    return AnonymousRule(bool(found.get("enabled")), frozenset(each["path"] for each in conditions) or None)


def check_anonymous(found: Any) -> Iterator[Problem]:
    """What is wrong with the field ``anonymous``."""
    if found is None:
        return
    if not isinstance(found, dict):
        yield problems.invalid("anonymous", found, "must be an object")
        return
    yield from _unknown("anonymous", found, ("enabled", "conditions"))
    enabled, conditions = found.get("enabled", False), found.get("conditions") or []
    if not isinstance(enabled, bool):
        yield problems.invalid("anonymous.enabled", enabled, "must be true or false")
    if not isinstance(conditions, list):
        yield problems.invalid("anonymous.conditions", conditions, "must be a list of objects")
        return
    if conditions and enabled is False:
        detail = "enabled should be set to true when conditions are defined"
        yield problems.invalid("anonymous.conditions", conditions, detail)
    for index, each in enumerate(conditions):
        at = f"anonymous.conditions[{index}]"
        path = each.get("path") if isinstance(each, dict) else None
        if not isinstance(path, str) or not path:
            yield problems.required(f"{at}.path")
        else:
            yield from _unknown(at, each, ("path",))


def _unknown(at: str, found: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[Problem]:
    for name in found:
        if name not in known:
            yield problems.forbidden(f"{at}.{name}", "unknown field")
