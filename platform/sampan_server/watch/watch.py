"""Watch. Source: API concepts, "Efficient detection of changes"; KEP-3157 (streaming lists)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from sampan.contracts.serving import Answer
from sampan.errors import Expired, MethodNotAllowed, NotAcceptable, StatusError
from sampan_http.handoff import Connection, Hijacked
from sampan_server.cache.cache import Cache
from sampan_server.cache.collection import Collection
from sampan_server.cache.events import Event
from sampan_server.cache.records import Record
from sampan_server.read import forms
from sampan_server.read.freshness import asked_revision, fresh
from sampan_server.read.list import MANY, MOST_KEPT, WORTH_KEEPING
from sampan_server.read.selecting import Selection
from sampan_server.registry import Served
from sampan_server.request import negotiation, options
from sampan_server.request.aside import Aside
from sampan_server.request.request import Request
from sampan_server.request.warnings import warning_headers
from sampan_server.watch.converting import ConvertingHub
from sampan_server.watch.framing import CHUNKED, Messages
from sampan_server.watch.hub import Hub, Watcher
from sampan_server.watch.streams import Stream, Streams
from sampan_server.watch.watcher import View

JITTER = random.Random()  # of its own: what a program does with the module's stays reproducible
MANY_ROWS = 1_000  # of a table; each takes some 10 microseconds
SHORTEST = 1800.0  # seconds a watch lives where the client names no timeout: this to twice this


class Asked(NamedTuple):
    """The query of a watch, checked. ``since`` -1: from the newest, after showing what is there if ``initial``."""

    since: int
    initial: bool
    initial_end: bool  # a bookmark says where the initial state ends
    bookmarks: bool
    seconds: float


class Before(NamedTuple):
    """What a watch shows at once, made before it is open. It has all events up to ``revision``."""

    shown: bytes
    revision: int


class Watch:
    def __init__(
        self, cache: Cache, hub: Hub, converting: ConvertingHub, streams: Streams, clock: Callable[[], float]
    ) -> None:
        self._cache, self._hub, self._converting = cache, hub, converting
        self._streams, self._clock = streams, clock

    def __call__(self, request: Request, served: Served) -> Answer:
        if "watch" not in served.verbs:
            raise MethodNotAllowed("the server does not allow this method on the requested resource", bare=True)
        form = negotiation.form_for(request, served, streams=True)
        if not form.protobuf and negotiation.wants_yaml(request.environ.get("HTTP_ACCEPT", "*/*")):
            raise NotAcceptable(f"only the following media types are accepted: {', '.join(negotiation.STREAMS)}")
        selection = Selection.of(request, served)
        asked = read_query(request)
        view = View(selection, form, request.value("includeObject") or "Metadata", asked.since)
        if form.protobuf:
            self._encode_before(request, view, asked)
        if not request.may_wait and self._takes_long(served, view, asked):
            raise Aside(heavy=True)
        wanted = asked.since if asked.initial or asked.since < 0 else 0
        return fresh(request, self._cache, wanted, lambda: self._open(request, served, view, asked))

    def _open(self, request: Request, served: Served, view: View, asked: Asked) -> Answer:
        assert served.collection is not None
        loop, old = request.loop, served.kind.deprecated
        before = self._made_before(served, view, asked) if self._takes_long(served, view, asked) else None
        headers = warning_headers([old] if old else [])
        if loop is not None and request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
            framing = Messages.asked(request, binary=view.form.protobuf) or CHUNKED

            def take(connection: Connection) -> None:
                user = request.user.name
                watcher = Watcher(
                    served.collection, view, connection, asked.bookmarks, user, framing  # type: ignore[arg-type]
                )  # fmt: skip
                with self._cache.lock:
                    if served.blocks and not served.gone:
                        later = self._first_later(served, view, asked)
                        self._converting.open_later(loop, connection, watcher, later, asked.seconds)
                        return
                    first, ends = self._first(served, view, asked, before)
                    self._hub.open(loop, connection, watcher, first, asked.seconds, ends=ends, headers=headers)

            raise Hijacked(take)
        deadline, stopping = self._clock() + asked.seconds, request.environ.get("sampan.stopping")
        polled = request.environ.get("sampan.polled")
        stream = Stream(served.collection.prefix, view, asked.bookmarks, deadline, stopping, polled)
        first: Iterable[bytes]
        with self._cache.lock:
            if served.blocks and not served.gone:
                first = _each(self._first_later(served, view, asked), stream)
            else:
                first, ends = self._first(served, view, asked, before)
                stream.deadline = 0.0 if ends else deadline
            self._streams.join(stream)
        return Answer(200, self._streams.lines(stream, first), view.media)

    def _encode_before(self, request: Request, view: View, asked: Asked) -> None:
        """Encode in protobuf what a watch shows at once, if that is much, on a thread and without the cache's lock."""
        selection, served = view.selection, view.selection.served
        collection = served.collection
        assert collection is not None
        events: Sequence[Event] = ()
        with self._cache.lock:
            keys = selection.candidates() if asked.initial else ()
            if not asked.initial and asked.since > 0:
                events = [each for each in collection.ring.after(asked.since) if view.lacks(each)]
        if len(events) <= forms.COLD and not forms.is_cold(served, view.form, keys):
            return
        if not request.may_wait:
            raise Aside(heavy=True)
        for key in keys:
            record = collection.records.get(key)
            if record is not None and selection.wants(record):
                forms.element(served, view.form, record)
        for event in events:
            view.frame(event)

    def _takes_long(self, served: Served, view: View, asked: Asked) -> bool:
        """Whether what the watch shows at once should be made on a thread, without the cache's lock. Where kinds are
        converted, it is made later anyway."""
        collection = served.collection
        assert collection is not None
        if served.blocks:
            return False
        most = MANY_ROWS if view.form.how == "table" else MANY
        if asked.initial:
            return view.selection.reach() > most and _state_name(view) not in collection.answers
        return 0 < asked.since < self._cache.revision - most and len(collection.ring.events) > most

    def _made_before(self, served: Served, view: View, asked: Asked) -> Before:
        """What the watch shows at once as of now; ``_first`` adds what happens until the watch is open."""
        collection = served.collection
        assert collection is not None
        with self._cache.lock:
            revision = max(self._cache.revision, collection.changed)
            if not asked.initial:
                events = list(collection.ring.after(asked.since)) if asked.since >= collection.ring.oldest else []
                records: list[Record] = []
            else:
                events, records = [], [collection.records[key] for key in view.selection.candidates()]
        if not asked.initial:
            concerned = (event for event in events if view.selection.matches_place(event.key))
            return Before(b"".join(filter(None, map(view.frame, concerned))), revision)
        state = _added(view, records)
        with self._cache.lock:
            self._keep(collection, view, state, revision)
        return Before(state, revision)

    def _keep(self, collection: Collection, view: View, state: bytes, revision: int) -> None:
        name, kept = _state_name(view), collection.answers
        if name and len(state) > WORTH_KEEPING and len(kept) < MOST_KEPT and collection.changed <= revision:
            kept[name] = state

    def _state(self, collection: Collection, view: View) -> bytes:
        """All objects there are as ADDED events. What is large is kept until an object changes and shared by all
        watches that ask the same, so that clients who do not read cost no copy each."""
        selection, name = view.selection, _state_name(view)
        if name in collection.answers:
            found: bytes = collection.answers[name]
            return found
        lines = [
            view.line("ADDED", collection.records[key])
            for key in selection.candidates()
            if not selection.narrow or selection.wants(collection.records[key])
        ]
        state = b"".join(lines)
        self._keep(collection, view, state, collection.changed)
        return state

    def _first(
        self, served: Served, view: View, asked: Asked, before: Before | None = None
    ) -> tuple[list[bytes], bool]:
        """What the watcher is shown at once, in parts, and whether that is all; the cache's lock is held."""
        collection = served.collection
        assert collection is not None
        if served.gone:  # since the request was found to be about it; the client asks again and finds what is there now
            return [], True
        revision = self._cache.revision
        if before is not None and before.revision < collection.ring.oldest:
            before = None
        if asked.initial:
            end = [view.bookmark(revision, initial_end=True)] if asked.initial_end else []
            if before is None:
                view.since = revision
                return [self._state(collection, view), *end], False
            return [before.shown, self._since(collection, view, before.revision), *end], False
        if asked.since < 0:
            view.since = revision
            return [], False
        if asked.since < collection.ring.oldest:
            text = f"too old resource version: {asked.since} ({collection.ring.oldest})"
            return [view.error(Expired(text))], True
        if before is not None:
            return [before.shown, self._since(collection, view, before.revision)], False
        return [self._since(collection, view, asked.since)], False

    def _since(self, collection: Collection, view: View, since: int) -> bytes:
        """The events after a revision, after which the view goes on with what comes next."""
        view.since = since
        frames = [
            frame
            for event in collection.ring.after(since)
            if view.selection.matches_place(event.key) and (frame := view.frame(event)) is not None
        ]
        view.since = max(since, self._cache.revision, collection.changed)  # a batch may be applied and not yet counted
        return b"".join(frames)

    def _first_later(self, served: Served, view: View, asked: Asked) -> Callable[[], list[bytes]]:
        """The same where it takes conversions, which may wait: under the lock it is noted what is to be shown, and the
        answer makes it when it is called, without the lock."""
        collection, revision = served.collection, self._cache.revision
        assert collection is not None
        shown = View(view.selection, view.form, view.include, asked.since)
        if asked.initial:
            records = [collection.records[key] for key in view.selection.candidates()]
            view.since = revision
            end = [view.bookmark(revision, initial_end=True)] if asked.initial_end else []
            return lambda: [_added(shown, records), *end]
        if asked.since < 0:
            view.since = revision
            return list
        if asked.since < collection.ring.oldest:
            text = f"too old resource version: {asked.since} ({collection.ring.oldest})"
            return partial(_refuse, Expired(text))
        events = [event for event in collection.ring.after(asked.since) if view.selection.matches_place(event.key)]
        view.since = max(asked.since, revision, collection.changed)
        return lambda: [b"".join(filter(None, map(shown.frame, events)))]


def _state_name(view: View) -> tuple[object, ...]:
    """Under which a collection keeps what watches like this one are shown first; () where it is not kept."""
    if view.selection.narrow or view.form.how == "table":
        return ()
    return ("watch", view.selection.served, view.form, view.include, view.selection.namespace)


def _added(view: View, records: Sequence[Record]) -> bytes:
    selection = view.selection
    if selection.fields:
        forms.convert_all(selection.served, records)
    chosen = [each for each in records if not selection.narrow or selection.wants(each)]
    if view.form.how in ("json", "protobuf"):
        forms.convert_all(selection.served, chosen)
    return b"".join([view.line("ADDED", each) for each in chosen])


def _refuse(error: Expired) -> list[bytes]:
    raise error


def _each(later: Callable[[], list[bytes]], stream: Stream) -> Iterator[bytes]:
    try:
        yield from later()
    except StatusError as error:
        stream.failure = error


def read_query(request: Request) -> Asked:
    """What ``Selection.of`` has checked; raises BadRequest."""
    since = asked_revision(request)
    bookmarks = request.flag("allowWatchBookmarks")
    timeout = options.integer(request, "timeoutSeconds")
    seconds = float(timeout) if timeout and timeout > 0 else SHORTEST * (1 + JITTER.random())
    if request.value("sendInitialEvents"):
        initial = request.flag("sendInitialEvents")
        return Asked(since if initial else since or -1, initial, initial and bookmarks, bookmarks, seconds)
    # upstream takes a watch that begins with what is there for one that asks for initial events
    return Asked(since, since <= 0, since <= 0 and bookmarks, bookmarks, seconds)
