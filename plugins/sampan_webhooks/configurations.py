"""The webhooks of all configurations of one sort, read again when one has changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.serving import Reader
from sampan_admission.rules import is_exempt
from sampan_admission.subjects import Subject
from sampan_webhooks.webhooks import Webhook

log = logging.getLogger(__name__)


class Matched(NamedTuple):
    """A webhook whose rules name a request."""

    webhook: Webhook
    resource: Resource  # in the version that a rule names
    place: int  # among all webhooks


class Snapshot:
    """All webhooks at one time, in the order in which they are called: by the name of their configuration, then as it
    lists them."""

    def __init__(self, generation: int, configurations: dict[str, tuple[str, tuple[Webhook, ...]]]) -> None:
        self.generation = generation
        self.configurations = configurations  # by name: its resourceVersion and its webhooks
        self.webhooks = tuple(each for name in sorted(configurations) for each in configurations[name][1])
        self._matching: dict[tuple[Resource, str, str, tuple[Resource, ...]], tuple[Matched, ...]] = {}

    def matching(self, subject: Subject) -> tuple[Matched, ...]:
        """Those whose rules name such a request. Selectors and conditions are not asked yet."""
        key = (subject.resource, subject.subresource, subject.operation, tuple(subject.equivalents))
        found = self._matching.get(key)
        if found is None:
            named = ((each, each.criteria.resource(subject), place) for place, each in enumerate(self.webhooks))
            found = self._matching[key] = tuple(Matched(each, by, place) for each, by, place in named if by is not None)
        return found


class Configurations:
    """Of one kind of configuration."""

    def __init__(self, reader: Reader, resource: Resource) -> None:
        self._reader, self._resource = reader, resource
        self._lock = threading.Lock()
        self._now = Snapshot(-1, {})

    def now(self) -> Snapshot:
        generation = self._reader.generation(self._resource)
        if generation == self._now.generation:
            return self._now
        with self._lock:
            if generation != self._now.generation:
                self._now = self._read(generation)
            return self._now

    def concerns(self, versions: Sequence[Resource], subresource: str, operation: str) -> bool:
        """Whether any webhook names such requests."""
        if any(is_exempt(resource) for resource in versions):
            return False
        return any(each.criteria.concerns(versions, subresource, operation) for each in self.now().webhooks)

    def _read(self, generation: int) -> Snapshot:
        found: dict[str, tuple[str, tuple[Webhook, ...]]] = {}
        for obj in self._reader.list(self._resource):
            name, version = obj["metadata"]["name"], str(obj["metadata"].get("resourceVersion"))
            known = self._now.configurations.get(name)
            found[name] = known if known and known[0] == version else (version, _webhooks(name, obj))
        return Snapshot(generation, found)


def _webhooks(configuration: str, obj: Object) -> tuple[Webhook, ...]:
    found = []
    for number, webhook in enumerate(obj.get("webhooks") or ()):
        try:
            found.append(Webhook(configuration, number, webhook))
        except Exception:  # validation lets none of these pass; one that is stored all the same stops no other
            log.exception("webhooks: %s: webhook %d cannot be read and is not called", configuration, number)
    return tuple(found)
