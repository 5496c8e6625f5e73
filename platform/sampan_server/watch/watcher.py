"""What one watcher is shown: which events, as what, in which form. Knows no sockets and no threads."""

from __future__ import annotations

from sampan.errors import StatusError
from sampan_machinery.protobuf import encoding as protobuf
from sampan_machinery.tables import definitions
from sampan_server.cache.events import Event
from sampan_server.cache.records import Record
from sampan_server.read import forms
from sampan_server.read.selecting import Selection
from sampan_server.request.encoding import encode_json
from sampan_server.request.negotiation import Form

INITIAL_END = {"k8s.io/initial-events-end": "true"}


class View:
    """The eyes of a watcher; shared by no two."""

    __slots__ = ("form", "include", "selection", "since")

    def __init__(self, selection: Selection, form: Form, include: str, since: int) -> None:
        self.selection = selection
        self.form = form
        self.include = include
        self.since = since  # events up to here have been shown

    def frame(self, event: Event) -> bytes | None:
        """The event as a line of JSON or a frame of protobuf, or None where it does not concern this watcher. Encoded
        once for all alike."""
        if event.revision <= self.since:
            return None
        new, old, selection = event.new, event.old, self.selection
        if selection.narrow:
            now = new is not None and selection.wants(new)
            before = old is not None and selection.wants(old)
            if not now and not before:
                return None
            word = "DELETED" if not now else "MODIFIED" if before else "ADDED"
        else:
            word = "DELETED" if new is None else "ADDED" if old is None else "MODIFIED"
        name = (word, self.form, self.include, selection.served)
        found = event.frames.get(name)
        if found is None:
            record = event.gone() if word == "DELETED" else new
            assert record is not None
            found = event.frames[name] = self.line(word, record)
        return found

    def lacks(self, event: Event) -> bool:
        """Whether nothing of the event is encoded yet for watchers like this one, whom it may concern."""
        rest = (self.form, self.include, self.selection.served)
        made = event.frames and any((word, *rest) in event.frames for word in ("ADDED", "MODIFIED", "DELETED"))
        return not made and self.selection.matches_place(event.key)

    def line(self, word: str, record: Record) -> bytes:
        served, form = self.selection.served, self.form
        if form.how == "json":
            shown = forms.native(served, record)
        else:
            shown = forms.one(served, form, record, self.include)
            if form.protobuf:
                return protobuf.event(word, shown)
        return b'{"type":"%s","object":%s}\n' % (word.encode(), shown)

    def bookmark(self, revision: int, *, initial_end: bool = False) -> bytes:
        kind = self.selection.served.kind
        metadata: dict[str, object] = {"resourceVersion": str(revision)}
        if initial_end:
            metadata["annotations"] = INITIAL_END
        shown: dict[str, object] = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
        shown.update((name, each) for name, each in self.selection.served.schema.zero.items() if name not in shown)
        if self.form.how not in ("json", "protobuf"):
            version = f"meta.k8s.io/{self.form.version}"
            shown = {"kind": "PartialObjectMetadata", "apiVersion": version, "metadata": metadata}
        if self.form.how == "table":
            row = {"cells": [], "object": shown}
            meta = {"resourceVersion": str(revision)}
            columns = definitions(kind.columns)  # it may be the first event
            shown = {
                "kind": "Table",
                "apiVersion": version,
                "metadata": meta,
                "columnDefinitions": columns,
                "rows": [row],
            }
        return self._event("BOOKMARK", shown)

    def error(self, error: StatusError) -> bytes:
        """The event that ends a watch."""
        return self._event("ERROR", error.to_status())

    @property
    def media(self) -> str:
        """The media type of the stream."""
        return self.form.media + protobuf.STREAM if self.form.protobuf else self.form.media

    def _event(self, word: str, obj: dict[str, object]) -> bytes:
        if self.form.protobuf:
            encoded = protobuf.encode(obj)
            assert encoded is not None  # a kind that is shown in protobuf, a Status, or partial metadata
            return protobuf.event(word, encoded)
        return b'{"type":"%s","object":%s}\n' % (word.encode(), encode_json(obj))
