"""POST to a collection."""

from __future__ import annotations

from sampan.contracts.serving import Answer
from sampan.errors import BadRequest
from sampan_server.registry import Served
from sampan_server.request.request import Request
from sampan_server.write import drive
from sampan_server.write.writing import Writing, accepted, answer


class Create:
    def __init__(self, writing: Writing) -> None:
        self._writing = writing

    def __call__(self, request: Request, served: Served) -> Answer:
        form = accepted(request, served)
        decode = self._writing.decoder(request, served)
        obj = decode()
        if served.namespaced and not request.namespace:
            request.namespace = str(obj["metadata"].get("namespace") or "")
            if not request.namespace:
                raise BadRequest("an empty namespace may not be set during creation")
        intent = self._writing.intent(request, served)
        work = self._writing.writer.create(intent, obj, decode)
        return self._writing.run(request, drive.followed(work, lambda done: answer(request, served, form, done)))
