"""An object, and the address of the collection it is in."""

from __future__ import annotations

from typing import Any, NamedTuple

Object = dict[str, Any]


class Resource(NamedTuple):
    """The address of a collection: what clients and RBAC speak of."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_resource(self) -> str:
        """``pods`` or ``deployments.apps``, as in messages and quotas."""
        return f"{self.plural}.{self.group}" if self.group else self.plural
