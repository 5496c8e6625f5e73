"""The Scale of an object that a reference names, of any kind with that subresource, by discovery.

For autoscalers (their target) and disruption budgets (the owners of pods).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound, SampanError
from sampan_client import Client

_FRESH = 60.0  # seconds that a group's list of resources is remembered
_SOONEST = 2.0  # seconds after which it is asked again for a kind that it has not: kinds come while a server runs


class NoSuchTarget(Exception):
    """The reference names no kind that is served."""


class Targets:
    """Remembers what group versions hold; used by several workers at once."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._lists: dict[str, tuple[float, list[dict[str, Any]]]] = {}

    def resource(self, reference: Object) -> Resource:
        """Of a CrossVersionObjectReference or an owner reference; raises NoSuchTarget."""
        version, kind = reference.get("apiVersion") or "v1", reference.get("kind", "")
        for age in (_FRESH, _SOONEST):
            for entry in self._entries(version, age):
                if entry.get("kind") == kind and "/" not in entry.get("name", "/"):
                    group, _, number = version.rpartition("/")
                    return Resource(group, number, entry["name"], kind, bool(entry.get("namespaced")))
        raise NoSuchTarget(f'no matches for kind "{kind}" in version "{version}"')

    def scale(self, reference: Object, namespace: str) -> tuple[Resource, Object]:
        """The collection and the Scale; raises NoSuchTarget or StatusError."""
        resource = self.resource(reference)
        return resource, self._client.get(resource, reference["name"], namespace, subresource="scale")

    def has_scale(self, resource: Resource) -> bool:
        """Whether the kind has the subresource; raises NoSuchTarget where that cannot be discovered."""
        return any(
            entry.get("name") == f"{resource.plural}/scale" for entry in self._entries(resource.api_version, _FRESH)
        )

    def _entries(self, version: str, age: float) -> list[dict[str, Any]]:
        with self._lock:
            at, found = self._lists.get(version, (0.0, []))
        if found and self._clock() - at < age:
            return found
        try:
            body = json.loads(
                self._client.request("GET", f"/apis/{version}" if "/" in version else f"/api/{version}").body
            )
            found = [entry for entry in body.get("resources") or () if isinstance(entry, dict)]
        except NotFound:
            found = []
        except (SampanError, OSError, ValueError) as error:
            raise NoSuchTarget(f"unable to discover what {version} holds: {error}") from error
        with self._lock:
            self._lists[version] = (self._clock(), found)
        return found
