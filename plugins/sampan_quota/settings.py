"""The records of the section ``plugins.quota``, which every process reads.

What they mean is in limitedresources.py, which only the API server imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sampan.contracts.kinds import Object


@dataclass(frozen=True)
class MatchScope:
    """A requirement as in the scope selector of a quota."""

    scope_name: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = "Exists"
    values: tuple[str, ...] = ()

    def as_requirement(self) -> Object:
        return {"scopeName": self.scope_name, "operator": self.operator, "values": list(self.values)}

    def __str__(self) -> str:
        return f"{{{self.scope_name} {self.operator} [{' '.join(self.values)}]}}"


@dataclass(frozen=True)
class LimitedResource:
    """Objects of one kind that need a quota which covers them."""

    resource: str
    """The plural, such as pods."""
    api_group: str = ""
    """The group; empty: the core."""
    match_contains: tuple[str, ...] = ()
    """Parts of the names of resources (requests.storage) that a quota must limit before an object may use them."""
    match_scopes: tuple[MatchScope, ...] = ()
    """Scopes of which a quota must have the name before an object in them is admitted."""

    @property
    def group_resource(self) -> str:
        return f"{self.resource}.{self.api_group}" if self.api_group else self.resource
