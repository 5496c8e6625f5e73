"""Serving the OpenAPI documents, with ETags; what they hold is ``sampan_machinery.openapi``'s business.

Documents are made when first asked for, on the pool where there is one, and again when the registry changes.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.serving import Answer
from sampan.errors import NotAcceptable, StatusError
from sampan_http.handoff import Offloaded
from sampan_machinery import schema
from sampan_machinery.openapi import gnostic
from sampan_machinery.openapi.documents import V2, V2_PROTOBUF, Documents
from sampan_server.extension.delegations import Delegations
from sampan_server.publish.discovery import leave_with_many
from sampan_server.publish.joined import Joined, asked, facts_of
from sampan_server.registry import Registry, Tables
from sampan_server.request.encoding import encode_json
from sampan_server.request.negotiation import ranges
from sampan_server.request.request import Request
from sampan_server.request.statuses import answer_error, no_such_path

_JSON = frozenset({"application/json", "application/*", "*/*"})
_PROTOBUF = frozenset({gnostic.MEDIA_TYPE, gnostic.ASKED_MEDIA_TYPE})


class OpenApi:
    """Answers /openapi/v2, /openapi/v3 and what is below it."""

    def __init__(self, registry: Registry, delegations: Delegations | None = None) -> None:
        self._registry = registry
        self._delegations = delegations or Delegations(registry)
        self._now: tuple[Tables, Documents] | None = None
        self._joined: Joined | None = None

    def __call__(self, request: Request) -> Answer:
        if self._now is None or self._now[0] is not self._registry.now:
            leave_with_many(request, self._registry.now)
        documents = self._current()
        path = request.path.removeprefix("/openapi").strip("/")
        form = _form(request.environ.get("HTTP_ACCEPT", "*/*"), path)
        if path == "v3":
            if not documents.is_indexed():
                leave_with_many(request, self._registry.now)
            return Answer(200, encode_json(self._index(documents)))
        name = "v2" if path == "v2" else path.removeprefix("v3/")
        if path != "v2" and (name == path or name not in documents.v3_index()["paths"]):
            raise no_such_path()
        joined = self._with_others(documents) if name == V2 else None
        tag = f'"{joined.etag() if joined else documents.etag(name)}"'
        if form == V2_PROTOBUF:
            name, tag = form, f'{tag[:-1]}P"'  # another form of it is another entity
        if request.environ.get("HTTP_IF_NONE_MATCH") == tag:
            return Answer(304, b"", headers=[("ETag", tag), ("Vary", "Accept")])
        packed = "gzip" in request.environ.get("HTTP_ACCEPT_ENCODING", "")
        made = joined or documents
        if request.loop is not None and not (packed and made.is_made(name)):
            raise Offloaded(lambda: self._guarded(made, name, packed, tag))
        return self._answer(made, name, packed, tag)

    def _with_others(self, own: Documents) -> Joined | None:
        """None where no other server has a document to join."""
        delegated = asked(self._delegations.all())
        now = self._joined
        if not delegated:
            now = None
        elif now is None or now.own is not own or now.facts != facts_of(delegated):
            now = Joined(own, delegated)
        self._joined = now
        return now

    def _index(self, documents: Documents) -> dict[str, Any]:
        index = documents.v3_index()
        for found in self._delegations.all():
            if found.openapi:
                path = f"apis/{found.group}/{found.version}"
                index["paths"][path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={found.openapi}"}
        return index

    def _current(self) -> Documents:
        tables, now = self._registry.now, self._now
        if now is None or now[0] is not tables:
            kinds = [served.kind for served in tables.served.values()]
            now = self._now = (tables, Documents(kinds, schema.load(), before=now[1] if now else None))
        return now[1]

    def _guarded(self, documents: Documents | Joined, name: str, packed: bool, tag: str) -> Answer:
        try:
            return self._answer(documents, name, packed, tag)
        except StatusError as error:
            return answer_error(error)

    def _answer(self, documents: Documents | Joined, name: str, packed: bool, tag: str) -> Answer:
        complete = True
        if isinstance(documents, Joined):
            documents, complete = documents.documents()
        body = documents.gzipped(name) if packed else _plain(documents, name)
        if body is None:
            raise no_such_path()
        headers = [("Vary", "Accept"), ("Vary", "Accept-Encoding")]
        if complete:  # what a server did not say now, it may say at the next request
            headers.append(("ETag", tag))
        if packed:
            headers.append(("Content-Encoding", "gzip"))
        media = gnostic.MEDIA_TYPE if name == V2_PROTOBUF else "application/json"
        return Answer(200, body, content_type=media, headers=headers)


def _form(accept: str, path: str) -> str:
    """The first form asked for that there is: "json", or of version 2 the protobuf; raises NotAcceptable."""
    for wanted in ranges(accept):
        if wanted.media in _JSON:
            return "json"
        if path == "v2" and wanted.media in _PROTOBUF:
            return V2_PROTOBUF
    more = f", {gnostic.MEDIA_TYPE}" if path == "v2" else ""
    raise NotAcceptable(f"only the following media types are accepted: application/json{more}")


def _plain(documents: Documents, name: str) -> bytes | None:
    if name == V2_PROTOBUF:
        return documents.v2_protobuf()
    return documents.v2() if name == "v2" else documents.v3(name)
