"""Kinds that come and go while the server runs: asks the kind sources and puts what they answer into service.

One thread does it, woken by the watch cache when an object that a source watches has changed. New kinds are loaded
first, then the registry's tables are replaced, then the watches of what was replaced end. DESIGN.md beside this file
says why in that order.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence

from sampan.contracts.kind_sources import Refused
from sampan.contracts.kinds import Kind
from sampan.contracts.store import Delete, Entry, Stale
from sampan.errors import SampanError
from sampan_server.cache.cache import Cache
from sampan_server.cache.collection import Collection
from sampan_server.extension.kind_offers import Offered, Offers, Source, plan, taken
from sampan_server.extension.renewal import renew
from sampan_server.registry import Address, Registry, Served, head_of, prefix_of

log = logging.getLogger(__name__)

AGAIN, AT_MOST = 1.0, 30.0  # seconds until a source that failed, or a store that did not answer, is asked again
AT_ONCE = 100  # objects removed by one commit

#: Told which kinds were replaced or removed, and which are served now instead or in addition.
Changed = Callable[[Sequence[Served], Sequence[Served]], None]


class KindSources:
    """All sources of one server."""

    def __init__(self, registry: Registry, cache: Cache, sources: Sequence[Source]) -> None:
        self._registry, self._cache, self._sources = registry, cache, tuple(sources)
        self.after: list[Changed] = []
        self._fixed: dict[Address, Served] = {}
        self._ours: dict[Address, Served] = {}
        self._offered: dict[Served, Offered] = {}
        self._answers: dict[tuple[str, str], Offers] = {}  # by source; the last one that was good
        self._seen: list[int] = []
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve what there is now, and follow from here on. The cache has been loaded."""
        if not self._sources:
            return
        self._fixed = dict(self._registry.now.all)
        failed = self._refresh()
        for source in self._sources:
            for resource in source.source.watches:
                if self._registry.of(resource) is None:
                    log.warning(
                        "plugin %s: the kind source %s watches %s, which is not served",
                        source.plugin, source.name, resource.group_resource,
                    )  # fmt: skip
        self._cache.after_batch.append(self._look)
        self._cache.after_reload.append(lambda: self._renew(list(self._ours.values())))
        self._thread = threading.Thread(target=self._run, args=(failed,), name="kind-sources", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)

    # -- when

    def _look(self) -> None:
        """A batch of changes has been applied; on the feed's thread."""
        if self._generations() != self._seen:
            self._wake.set()

    def _generations(self) -> list[int]:
        """Of everything that is watched."""
        found = []
        for source in self._sources:
            for resource in source.source.watches:
                served = self._registry.of(resource)
                found.append(served.collection.changed if served and served.collection else -1)
        return found

    def _run(self, failed: bool) -> None:
        pause = AGAIN
        while not self._stopping:
            if failed or self._generations() == self._seen:
                self._wake.wait(pause if failed else None)
            self._wake.clear()
            if self._stopping or not (failed or self._generations() != self._seen):
                continue
            try:
                failed = self._refresh()
            except Exception:
                log.exception("the kinds could not be changed; this is tried again")
                failed = True
            pause = min(2 * pause, AT_MOST) if failed else AGAIN

    # -- what

    def _refresh(self) -> bool:
        """Ask all sources and serve what they answer; whether something failed that is to be tried again."""
        self._seen = self._generations()  # as of before the asking: what changes meanwhile is asked again
        seen_to = self._cache.revision
        failed = False
        for source in self._sources:
            try:
                self._answers[source.key] = taken(source, source.source.kinds(), self._answers.get(source.key, {}))
            except Exception as error:
                log.error("the kind source %s cannot say its kinds; those it had stay: %s", source.name, error)
                failed = True
        answers = [self._answers[source.key] for source in self._sources if source.key in self._answers]
        prefixes = {served.prefix for served in self._fixed.values() if served.collection is not None}
        wanted, refused = plan(answers, self._fixed, prefixes)
        unloaded = self._serve(wanted, seen_to)
        refused += [(wanted[address].source, Refused(wanted[address].kind, why)) for address, why in unloaded.items()]
        self._tell(refused)
        return failed or bool(unloaded)

    def _serve(self, wanted: dict[Address, Offered], seen_to: int) -> dict[Address, str]:
        """Make the registry hold what is wanted; what could not be loaded, and why."""
        ours: dict[Address, Served] = {}
        unloaded: dict[Address, str] = {}
        away: dict[str, str] = {}  # prefixes that could not be loaded, and why
        offered_by: dict[Served, Offered] = {}
        for address, offered in wanted.items():
            stored = wanted[offered.stored].used
            served = self._ours.get(address)
            if served is None or served.kind is not offered.used or served.stored is not stored:
                prefix = prefix_of(stored)
                collection = (
                    None if offered.kind.answer or offered.kind.computed else self._collection(stored, prefix, away)
                )
                if prefix in away:
                    unloaded[address] = away[prefix]
                    continue
                served = Served(
                    offered.used, stored, collection, sourced=True, isolated=offered.source.third_party
                )  # fmt: skip
            ours[address] = served
            offered_by[served] = offered
        gone = [served for address, served in self._ours.items() if ours.get(address) is not served]
        fresh = [served for address, served in ours.items() if self._ours.get(address) is not served]
        before, self._ours, self._offered = self._offered, ours, offered_by
        if gone or fresh:
            self._renew(fresh)
            self._replace(gone, fresh)
            self._remove([before[served] for served in gone if served.stored is served.kind], seen_to)
        return unloaded

    def _collection(self, stored: Kind, prefix: str, away: dict[str, str]) -> Collection | None:
        if prefix not in away:
            try:
                return self._cache.load(prefix, stored.fields, head_of(stored))
            except SampanError as error:
                log.error("%s cannot be served yet: %s", stored.resource.group_resource, error)
                away[prefix] = f"the store cannot be read: {error}"
        return None

    def _renew(self, fresh: Sequence[Served]) -> None:
        """Stored objects get what the schemas of now give them; before these schemas are served."""
        for prefix, collection in {served.prefix: served.collection for served in fresh}.items():
            if collection is not None:
                renew(collection, [served for served in self._ours.values() if served.prefix == prefix])

    def _replace(self, gone: Sequence[Served], fresh: Sequence[Served]) -> None:
        self._registry.replace({**self._fixed, **self._ours})
        with self._cache.lock:
            for served in gone:
                served.gone = True
            for served in {self._ours[self._offered[served].stored] for served in fresh}:
                if served.collection is not None:
                    served.collection.settle(served.head, served.stored.fields)
        for tell in self.after:
            tell(gone, fresh)
        prefixes = {served.prefix for served in self._registry.now.all.values()}
        for prefix in {served.prefix for served in gone} - prefixes:
            self._cache.drop(prefix)
        names, left = _names(fresh), _names(gone)
        log.info(
            "kinds served from now on: %s; no more: %s", ", ".join(names), ", ".join(sorted(set(left) - set(names)))
        )

    def _tell(self, refused: Sequence[tuple[Source, Refused]]) -> None:
        for source in self._sources:
            mine = [each for by, each in refused if by.key == source.key]
            served = [offered.kind for offered in self._offered.values() if offered.source.key == source.key]
            for each in mine:
                log.debug("%s of the kind source %s: %s", each.kind.resource.group_resource, source.name, each.why)
            try:
                source.source.settled(served, mine)
            except Exception as error:
                log.error("the kind source %s failed when told which kinds are served: %s", source.name, error)

    # -- removal of what is stored

    def _remove(self, gone: Sequence[Offered], seen_to: int) -> None:
        """Remove the objects of kinds that are stored no more, where their source says so."""
        for offered in gone:
            prefix = prefix_of(offered.kind)
            if prefix in self._cache.collections:
                continue
            try:
                if offered.source.source.removes(offered.kind):
                    self._empty(prefix, seen_to)
            except Exception as error:
                log.error("the objects of %s cannot be removed: %s", offered.kind.resource.group_resource, error)

    def _empty(self, prefix: str, seen_to: int) -> None:
        """Remove what was stored when the kind was seen to be gone. What is newer belongs to a kind that has come back,
        of which this server may not know yet."""
        for entries in self._pages(prefix, seen_to):
            ops = [Delete(entry.key, entry.revision) for entry in entries]
            try:
                self._cache.store.commit(*ops)
            except Stale:  # another server removes them as well
                for op in ops:
                    self._remove_one(op)

    def _remove_one(self, op: Delete) -> None:
        try:
            self._cache.store.commit(op)
        except Stale:
            return

    def _pages(self, prefix: str, revision: int) -> Iterator[list[Entry]]:
        after = ""
        while not self._stopping:
            page = self._cache.store.page(prefix, after=after, limit=AT_ONCE, revision=revision)
            if page.entries:
                yield page.entries
                after = page.entries[-1].key
            if not page.more:
                return


def _names(found: Sequence[Served]) -> list[str]:
    return sorted(f"{served.resource.group_resource}/{served.resource.version}" for served in found)
