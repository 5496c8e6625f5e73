"""The quota controller: counts what the namespaces with quotas hold, when a quota is new or something has gone.

Admission counts what is added, in the commit that adds it. This counts again after deletions and the like. It reads the
quota first and then, by consistent lists, what it counts, and writes the status only where the quota is still the one
that it has read: so nothing that was added meanwhile is lost. Kinds are watched only while some quota counts them.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound
from sampan_client import Client
from sampan_client.discovery import discover
from sampan_client.informers import Informer
from sampan_client.paths import path_of
from sampan_client.queue import Item, Queue
from sampan_client.working import work_off, work_one
from sampan_machinery.resources import RESOURCE_QUOTAS
from sampan_quota import recount
from sampan_quota.usage import IGNORED, Usage, evaluator_of

log = logging.getLogger(__name__)

_NEEDED = frozenset({"create", "list", "watch", "delete"})
_REFRESH = 30.0  # seconds between two looks at which kinds there are, while there are quotas
_RESYNC = 300.0  # seconds after which every quota is counted again
#: Seconds in which several deletions are counted once.
_GATHER = 0.1
#: A new limit is counted twice: what was created while it was counted first was not counted by admission.
_SETTLE = 1.0

_WHAT = "counting the use of quota %s"
_LOOK, _ALL = "look at the kinds", "count everything"


class QuotaController:
    """Built for one leadership; ``run`` until ``stop`` is set."""

    def __init__(
        self, client: Client, *, clock: Callable[[], float] = time.time, refresh: float = _REFRESH,
        resync: float = _RESYNC, gather: float = _GATHER, settle: float = _SETTLE,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._client = client
        self._clock = clock
        self._refresh, self._resync, self._gather, self._settle = refresh, resync, gather, settle
        self._queue = Queue([1], ticks)
        self._kinds: dict[str, Resource] = {}
        self._watched: dict[str, Informer] = {}
        self._quotas = Informer(
            client, RESOURCE_QUOTAS, on_change=self._quota_changed, on_synced=lambda: self._queue.open(0)
        )

    def run(self, stop: threading.Event) -> None:
        worker = threading.Thread(target=self._work, name="quota", daemon=True)
        worker.start()
        self.start()
        stop.wait()
        self._queue.close()
        worker.join(5)
        self.close()

    def start(self) -> None:
        """Begin to watch; the work is done by ``run``, or by ``turn``."""
        self._quotas.start()
        self._queue.add_after(Item(0, _ALL), self._resync)

    def turn(self) -> bool:
        return work_one(self._queue, self._handle, log=log, what=_WHAT)

    def due(self) -> float | None:
        return self._queue.due()

    def close(self) -> None:
        self._queue.close()
        for informer in (self._quotas, *self._watched.values()):
            informer.stop()

    # What has changed

    def _quota_changed(self, old: Object | None, new: Object | None) -> None:
        if new is None or old is None or recount.hard_of(new) != recount.hard_of(old):
            self._queue.add(Item(0, _LOOK))
        if new is not None and (old is None or recount.is_new(new)):
            self._queue.add(Item(0, (new["metadata"]["namespace"], new["metadata"]["name"])))

    def _listener(self, kind: str) -> Callable[[Object | None, Object | None], None]:
        def changed(old: Object | None, new: Object | None) -> None:
            if old is None or (new is not None and old.get("used") == new.get("used")):
                return  # admission has counted it
            namespace = old["metadata"].get("namespace", "")
            for quota in self._quotas.list(namespace):
                if recount.kinds_of(quota, (kind,)):
                    self._queue.add_after(Item(0, (namespace, quota["metadata"]["name"])), self._gather)

        return changed

    # Working

    def _work(self) -> None:
        work_off(self._queue, self._handle, log=log, what=_WHAT)

    def _handle(self, item: Item) -> None:
        key = item.key
        if key == _LOOK:
            self._look()
        elif key == _ALL:
            self._queue.add_after(Item(0, _ALL), self._resync)
            for quota in self._quotas.list():
                self._queue.add(Item(0, (quota["metadata"]["namespace"], quota["metadata"]["name"])))
        elif isinstance(key, tuple):
            with suppress(NotFound):  # the quota went away
                self._count(*key)

    def _look(self) -> None:
        """Find the kinds, watch those that some quota counts, and no others."""
        quotas = self._quotas.list()
        if quotas:
            self._kinds = kinds_by_name(self._client)
            self._queue.add_after(Item(0, _LOOK), self._refresh)
        limits = {name for quota in quotas for name in recount.hard_of(quota)}
        wanted = set(recount.kinds_counted(limits, self._kinds))
        for name in [
            each
            for each, informer in self._watched.items()
            if each not in wanted or informer.resource != self._kinds[each]
        ]:
            self._watched.pop(name).stop()
        for name in sorted(wanted - self._watched.keys()):
            self._watch(name)

    def _watch(self, name: str) -> None:
        plain = evaluator_of(name).counts_only
        informer = Informer(
            self._client,
            self._kinds[name],
            on_change=self._listener(name),
            on_synced=lambda: self._count_those_with(name),
            metadata_only=plain,
            keep=_place if plain else lambda obj: _digest(name, obj, self._clock()),
        )
        self._watched[name] = informer
        informer.start()

    def _count_those_with(self, name: str) -> None:
        """A kind is watched from now on; what went before is not announced."""
        for quota in self._quotas.list():
            if recount.kinds_of(quota, (name,)):
                self._queue.add(Item(0, (quota["metadata"]["namespace"], quota["metadata"]["name"])))

    def _count(self, namespace: str, name: str) -> None:
        quota = self._client.get(RESOURCE_QUOTAS, name, namespace)
        if not self._kinds:
            self._kinds = kinds_by_name(self._client)
        counted = {kind: self._usage(quota, kind) for kind in recount.kinds_of(quota, self._kinds)}
        status = recount.new_status(quota, counted)
        if status is None:
            return
        fresh = recount.is_new(quota)
        self._client.update(RESOURCE_QUOTAS, {**quota, "status": status}, subresource="status")
        if fresh:
            self._queue.add_after(Item(0, (namespace, name)), self._settle)

    def _usage(self, quota: Object, kind: str) -> Usage:
        resource, namespace = self._kinds[kind], quota["metadata"]["namespace"]
        try:
            if recount.needs_objects(quota, kind):
                objects = self._client.list(resource, namespace).items
                return recount.usage_of_objects(quota, kind, objects, self._clock())
            return recount.usage_of_number(quota, kind, number_of(self._client, resource, namespace))
        except NotFound:  # the kind went away
            return {}


def kinds_by_name(client: Client) -> dict[str, Resource]:
    """Every kind that a quota can count, by ``pods``, ``deployments.apps`` …"""
    found = {
        each.resource.group_resource: each.resource
        for each in discover(client)
        if each.resource.namespaced and each.verbs >= _NEEDED
    }
    return {name: resource for name, resource in found.items() if name not in IGNORED}


def number_of(client: Client, resource: Resource, namespace: str) -> int:
    """How many objects there are; the server says it on a page of one."""
    page = _page(client, resource, namespace)
    listed = len(page.get("items") or ())
    remaining = (page.get("metadata") or {}).get("remainingItemCount")
    if remaining is None and (page.get("metadata") or {}).get("continue"):
        return len(client.list(resource, namespace, metadata_only=True).items)
    return listed + int(remaining or 0)


def _page(client: Client, resource: Resource, namespace: str) -> Object:
    found: Object = json.loads(client.request("GET", path_of(resource, namespace), query={"limit": 1}).body)
    return found


def _place(obj: Object) -> Object:
    metadata = obj["metadata"]
    return {
        "metadata": {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion") if key in metadata}
    }


def _digest(name: str, obj: Object, now: float) -> Object:
    """The place of an object, and a number that is another one when it uses something else."""
    evaluator = evaluator_of(name)
    facts = (sorted(evaluator.usage(obj, now).items()), recount.scope_facts(name, obj))
    return {**_place(obj), "used": hash(repr(facts))}


def run(client: Client, stop: threading.Event) -> None:
    """Count until ``stop`` is set."""
    QuotaController(client).run(stop)


def turns(client: Client, clock: Callable[[], float]) -> QuotaController:
    """The same in turns."""
    made = QuotaController(client, clock=clock, ticks=clock)
    made.start()
    return made
