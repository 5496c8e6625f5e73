"""GET of a collection: pages, revisions, selectors. Source: API concepts, "Retrieving large results sets in chunks"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sampan.contracts.serving import Answer
from sampan.contracts.store import Compacted
from sampan.errors import BadRequest, Expired
from sampan_server.cache.cache import Cache
from sampan_server.cache.records import Record, fill_revision, labels_of
from sampan_server.read import continuation, forms
from sampan_server.read.freshness import asked_revision, fresh
from sampan_server.read.selecting import Selection
from sampan_server.registry import Served
from sampan_server.request import negotiation, options
from sampan_server.request.aside import Aside
from sampan_server.request.negotiation import Form
from sampan_server.request.request import Request

INCONSISTENT = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)
WORTH_KEEPING = 256 << 10  # bytes from which a joined answer is kept until something changes
MOST_KEPT = 4
#: Objects of which each is asked whether it is selected: more are asked on a thread, without the cache's lock. To ask
#: takes 1 to 2 microseconds.
MANY = 4_000


class Slice(NamedTuple):
    """What one answer holds. ``remaining`` -1: not known."""

    records: Sequence[Record]
    revision: int
    more: bool
    remaining: int
    historic: bool = False  # read from the store at an old revision


class Kept(NamedTuple):
    """A joined answer: its items begin at ``start``; ``last`` is the last key where there is more."""

    body: bytes
    start: int
    revision: int
    last: str
    remaining: int


class Asked(NamedTuple):
    """The query of a list, checked."""

    limit: int
    after: str  # key, "" = from the start
    exact: int  # revision the answer must be of, 0 = any
    at_least: int  # -1 newest, 0 any


class List:
    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def __call__(self, request: Request, served: Served) -> Answer:
        form = negotiation.form_for(request, served, streams=True)
        selection = Selection.of(request, served)
        asked = read_query(request, served.scope(request.namespace))
        if selection.narrow and not request.may_wait and selection.reach() > MANY:
            raise Aside(heavy=True)
        if form.protobuf and not request.may_wait:
            keys = selection.candidates(asked.after)
            if forms.is_cold(served, form, keys[: asked.limit] if asked.limit else keys):
                raise Aside(heavy=True)
        include = request.value("includeObject") or "Metadata"
        if not request.may_wait and _is_historic(served, asked):
            raise Aside  # the store reads its disk, or asks over the network
        return fresh(
            request, self._cache, asked.exact or asked.at_least,
            lambda: Answer(200, self._body(served, form, selection, asked, include), form.media),
        )  # fmt: skip

    def _body(self, served: Served, form: Form, selection: Selection, asked: Asked, include: str) -> bytes:
        assert served.collection is not None
        kept = served.collection.answers
        name = (served, form, include, selection.namespace, asked.limit, asked.after)
        whole = not selection.narrow and not asked.exact and form.how in ("json", "protobuf")
        if whole and name in kept:
            again = self._again(served, form, selection, asked, name)
            if again is not None:
                return again
        found = self.slice(served, selection, asked)
        last = found.records[-1].key if found.more and found.records else ""
        meta = self.meta(served, found, selection, last, plain=form.how == "json")
        body = forms.listing(served, form, found.records, meta, include, present=not found.historic)
        if whole and len(body) > WORTH_KEEPING and len(kept) < MOST_KEPT:
            size = sum(len(forms.element(served, form, each)) for each in found.records) if form.protobuf else 0
            start = len(forms.list_head(served, form, meta, size))
            with self._cache.lock:
                if served.collection.changed <= found.revision:
                    served.collection.answers[name] = Kept(body, start, found.revision, last, found.remaining)
        return body

    def _again(self, served: Served, form: Form, selection: Selection, asked: Asked, name: Any) -> bytes | None:
        """A kept answer under the present revision: as it is, or copied once where other collections have changed."""
        assert served.collection is not None
        with self._cache.lock:
            kept: Kept | None = served.collection.answers.get(name)
            revision = self._cache.revision
        if kept is None:
            return None
        if kept.revision == revision:
            return kept.body
        found = Slice((), revision, bool(kept.last), kept.remaining)
        meta = self.meta(served, found, selection, kept.last, plain=form.how == "json")
        body, start = forms.with_meta(served, form, kept.body, kept.start, meta)
        fresh = kept._replace(body=body, start=start, revision=revision)
        with self._cache.lock:
            if served.collection.answers.get(name) is kept and served.collection.changed <= revision:
                served.collection.answers[name] = fresh
        return body

    def meta(self, served: Served, found: Slice, selection: Selection, last: str, *, plain: bool) -> dict[str, Any]:
        """The list's metadata; ``last`` is the key of its last object where there are more."""
        meta: dict[str, Any] = {"resourceVersion": str(found.revision)}
        if plain and served.kind.schema is not None:
            meta["continue"] = ""  # upstream's lists of custom resources always have it
        if found.more:
            scope = served.scope(selection.namespace)
            meta["continue"] = continuation.pack(found.revision, last[len(scope) :])
            if found.remaining >= 0:
                meta["remainingItemCount"] = found.remaining
        return meta

    def slice(self, served: Served, selection: Selection, asked: Asked) -> Slice:
        """The records of one page, from the cache where it can be, else from the store's history."""
        assert served.collection is not None
        if served.blocks and selection.fields:
            return self._converted(served, selection, asked)
        with self._cache.lock:
            if not asked.exact or served.collection.changed <= asked.exact:
                if asked.exact and asked.exact < self._cache.horizon:
                    raise self._expired(served, selection, asked)
                if not selection.narrow or selection.reach() <= MANY:
                    return self._cached(served, selection, asked)
                revision = asked.exact or self._cache.revision
                candidates = [served.collection.records[key] for key in selection.candidates(asked.after)]
            else:
                candidates = None
        if candidates is None:
            return self._historic(served, selection, asked)
        return self._selected(served, selection, asked, candidates, revision)

    def _cached(self, served: Served, selection: Selection, asked: Asked) -> Slice:
        assert served.collection is not None
        revision = asked.exact or self._cache.revision
        records, limit = served.collection.records, asked.limit
        keys = selection.candidates(asked.after)
        if not selection.narrow:
            page = keys[:limit] if limit else keys
            rest = len(keys) - len(page)
            return Slice([records[key] for key in page], revision, rest > 0, rest)
        found: list[Record] = []
        for key in keys:
            record = records[key]
            if selection.wants(record):
                found.append(record)
                if len(found) == limit:
                    return self._full(served, selection, found, revision)
        return Slice(found, revision, False, 0)

    def _full(self, served: Served, selection: Selection, found: Sequence[Record], revision: int) -> Slice:
        """A page of selected objects that is full: it says that there is more where any object follows, wanted or not,
        as upstream does, whose last page may be empty. Under the cache's lock."""
        assert served.collection is not None
        if selection.name and (selection.namespace or not served.namespaced):
            return Slice(found, revision, False, 0)
        low, high = served.collection.span(served.scope(selection.namespace), found[-1].key)
        return Slice(found, revision, low < high, -1)

    def _converted(self, served: Served, selection: Selection, asked: Asked) -> Slice:
        """The same where to select means to convert, which may wait: never under the lock."""
        if asked.exact:
            return self._historic(served, selection, asked)
        assert served.collection is not None
        with self._cache.lock:
            records, revision = served.collection.records, self._cache.revision
            candidates = [records[key] for key in selection.candidates(asked.after)]
        forms.convert_all(served, candidates)
        return self._selected(served, selection, asked, candidates, revision)

    def _selected(
        self, served: Served, selection: Selection, asked: Asked, candidates: Sequence[Record], revision: int
    ) -> Slice:
        """One page of these records, which were those of the cache at the revision; not under the lock."""
        found: list[Record] = []
        for record in candidates:
            if selection.wants(record):
                found.append(record)
                if len(found) == asked.limit:
                    with self._cache.lock:
                        return self._full(served, selection, found, revision)
        return Slice(found, revision, False, 0)

    def _historic(self, served: Served, selection: Selection, asked: Asked) -> Slice:
        scope, limit = served.scope(selection.namespace), asked.limit
        if selection.name and (selection.namespace or not served.namespaced):
            return self._one_historic(served, selection, asked)
        found: list[Record] = []
        after = asked.after
        try:
            while True:
                page = self._cache.store.page(scope, after=after, limit=limit, revision=asked.exact)
                for entry in page.entries:
                    body = fill_revision(entry.value, entry.revision)
                    record = Record(entry.key, body, entry.revision, labels_of(entry.value))
                    if not selection.narrow or selection.wants(record):
                        found.append(record)
                    if selection.narrow and limit and len(found) == limit:
                        more = page.more or entry is not page.entries[-1]
                        return Slice(found, asked.exact, more, -1, historic=True)
                if not selection.narrow:
                    return Slice(found, asked.exact, page.more, page.remaining, historic=True)
                if not page.more:
                    return Slice(found, asked.exact, False, 0, historic=True)
                after = page.entries[-1].key
        except Compacted:
            raise self._expired(served, selection, asked)

    def _one_historic(self, served: Served, selection: Selection, asked: Asked) -> Slice:
        """Of a list that names one object: its key is looked up, and its collection is not gone through."""
        key = served.key(selection.namespace, selection.name)
        try:
            entry = self._cache.store.get(key, revision=asked.exact)
        except Compacted:
            raise self._expired(served, selection, asked)
        if entry is None or key <= asked.after:
            return Slice([], asked.exact, False, 0, historic=True)
        record = Record(key, fill_revision(entry.value, entry.revision), entry.revision, labels_of(entry.value))
        found = [record] if selection.wants(record) else []
        return Slice(found, asked.exact, False, 0, historic=True)

    def _expired(self, served: Served, selection: Selection, asked: Asked) -> Expired:
        if not asked.after:
            return Expired("The resourceVersion for the provided list is too old.")
        scope = served.scope(selection.namespace)
        return Expired(INCONSISTENT, continue_token=continuation.pack(0, asked.after[len(scope) :]))


def _is_historic(served: Served, asked: Asked) -> bool:
    """Whether a list is of a state that the cache has no more."""
    assert served.collection is not None
    return bool(asked.exact) and served.collection.changed > asked.exact


def read_query(request: Request, scope: str, *, paged: bool = False) -> Asked:
    """Limit, continue and resource version of a list, which ``Selection.of`` has checked; raises BadRequest.

    ``paged``: a limit is as good as given, so that a version without more words means exactly that one.
    """
    if not request.query:
        return Asked(0, "", 0, -1)
    limit = max(options.integer(request, "limit") or 0, 0)
    match, token = request.value("resourceVersionMatch"), request.value("continue")
    where = continuation.unpack(token) if token else None
    revision = asked_revision(request)
    if where is not None:
        if revision > 0:
            raise BadRequest("specifying resource version is not allowed when using continue")
        return Asked(limit, scope + where.key, where.revision, -1)
    if revision > 0 and (match == "Exact" or ((limit or paged) and not match)):
        return Asked(limit, "", revision, -1)
    return Asked(limit, "", 0, revision)
