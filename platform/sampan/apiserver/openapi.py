"""Serving the OpenAPI documents, with ETags; what they hold is ``sampan.objects.openapi``'s business.

Documents are made when first asked for, on the pool where there is one, and again when the registry changes.
"""

from __future__ import annotations

from typing import Any

from sampan.apiserver.delegations import Delegations
from sampan.apiserver.encoding import encode_json
from sampan.apiserver.handover import Offloaded
from sampan.apiserver.negotiation import ranges
from sampan.apiserver.registry import Registry
from sampan.apiserver.request import Request
from sampan.apiserver.statuses import answer_error, no_such_path
from sampan.contracts.serving import Answer
from sampan.errors import NotAcceptable, StatusError
from sampan.objects import schema
from sampan.objects.openapi.documents import Documents

_JSON = frozenset({"application/json", "application/*", "*/*"})


class OpenApi:
    """Answers /openapi/v2, /openapi/v3 and what is below it."""

    def __init__(self, registry: Registry, delegations: Delegations | None = None) -> None:
        self._registry = registry
        self._delegations = delegations or Delegations(registry)
        self._revision = -1
        self._documents: Documents | None = None
        self._made: set[tuple[str, bool]] = set()

    def __call__(self, request: Request) -> Answer:
        documents = self._current()
        path = request.path.removeprefix("/openapi").strip("/")
        if not any(wanted.media in _JSON for wanted in ranges(request.environ.get("HTTP_ACCEPT", "*/*"))):
            raise NotAcceptable("only the following media types are accepted: application/json")
        if path == "v3":
            return Answer(200, encode_json(self._index(documents)))
        name = "v2" if path == "v2" else path.removeprefix("v3/")
        if path != "v2" and (name == path or name not in documents.v3_index()["paths"]):
            raise no_such_path()
        tag = f'"{documents.etag(name)}"'
        if request.environ.get("HTTP_IF_NONE_MATCH") == tag:
            return Answer(304, b"", headers=[("ETag", tag), ("Vary", "Accept")])
        packed = "gzip" in request.environ.get("HTTP_ACCEPT_ENCODING", "")
        if request.loop is not None and (name, packed) not in self._made:
            raise Offloaded(lambda: self._guarded(documents, name, packed, tag))
        return self._answer(documents, name, packed, tag)

    def _index(self, documents: Documents) -> dict[str, Any]:
        index = documents.v3_index()
        for found in self._delegations.all():
            if found.openapi:
                path = f"apis/{found.group}/{found.version}"
                index["paths"][path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={found.openapi}"}
        return index

    def _current(self) -> Documents:
        if self._documents is None or self._revision != self._registry.revision:
            kinds = [served.kind for served in self._registry.served.values()]
            self._documents, self._revision = Documents(kinds, schema.load()), self._registry.revision
            self._made = set()
        return self._documents

    def _guarded(self, documents: Documents, name: str, packed: bool, tag: str) -> Answer:
        try:
            return self._answer(documents, name, packed, tag)
        except StatusError as error:
            return answer_error(error)

    def _answer(self, documents: Documents, name: str, packed: bool, tag: str) -> Answer:
        body = documents.gzipped(name) if packed else documents.v2() if name == "v2" else documents.v3(name)
        if body is None:
            raise no_such_path()
        self._made.add((name, packed))
        headers = [("ETag", tag), ("Vary", "Accept"), ("Vary", "Accept-Encoding")]
        if packed:
            headers.append(("Content-Encoding", "gzip"))
        return Answer(200, body, headers=headers)
