"""The context of controllers over a host that is a small API server, for tests of one controller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan_client import Client
from sampan_federation import resources
from sampan_federation.caches import Caches
from sampan_federation.controllers import Context
from sampan_federation.settings import Settings
from sampan_machinery.resources import CONFIG_MAPS, ENDPOINT_SLICES, INGRESSES, NAMESPACES, SERVICES
from sampan_testing.cluster import until
from sampan_testing.miniapi import MiniApi

KINDS = (
    *(each for each in vars(resources).values() if isinstance(each, Resource)), CONFIG_MAPS, NAMESPACES,
    ENDPOINT_SLICES, INGRESSES, SERVICES,
)  # fmt: skip


class One:
    """One controller, and its host."""

    def __init__(self, make: Callable[[Context], Any], members: Any = None) -> None:
        self.api = MiniApi(KINDS)
        self.client = Client.in_process(self.api, User("federation"))
        self.caches = Caches(self.client)
        self.events: list[tuple[str, str]] = []
        recorder = SimpleNamespace(event=lambda about, type, reason, message: self.events.append((reason, message)))
        self.context = Context(self.client, self.caches, members, Settings(), lambda: 0.0, recorder)  # type: ignore[arg-type]
        self.keys: list[Any] = []
        self.controller = make(self.context)
        self.controller.start(self.keys.append)
        self.synced()

    def synced(self) -> None:
        """Until the caches have seen what was written."""
        until(lambda: self.caches.synced and self.caches_are_even(), 30)

    def caches_are_even(self) -> bool:
        for resource, cache in list(self.caches._found.items()):
            seen = {(o["metadata"].get("namespace", ""), o["metadata"]["name"]): o for o in cache.list()}
            have = {(o["metadata"].get("namespace", ""), o["metadata"]["name"]): o for o in self.api.list(resource)}
            revisions = [{key: o["metadata"]["resourceVersion"] for key, o in each.items()} for each in (seen, have)]
            if revisions[0] != revisions[1]:
                return False
        return True

    def handle(self, key: Any) -> Any:
        self.synced()
        answer = self.controller.handle(key)
        self.synced()
        return answer


@contextmanager
def one(make: Callable[[Context], Any], members: Any = None) -> Iterator[One]:
    found = One(make, members)
    try:
        yield found
    finally:
        found.controller.close()
        found.caches.close()
