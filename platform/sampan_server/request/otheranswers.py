"""Answers in YAML or protobuf that were made as JSON: errors, a Status, and in YAML all others for the few clients that
prefer it. What is long is written off the loop.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Answer
from sampan_http.handoff import Offloaded
from sampan_machinery import yamlout
from sampan_machinery.protobuf import encoding as protobuf
from sampan_machinery.protobuf.table import MEDIA_TYPE
from sampan_server.request import negotiation
from sampan_server.request.encoding import encode_json
from sampan_server.request.request import Request

JSON = "application/json"
OFF_THE_LOOP = 16 << 10  # bytes of JSON from which writing YAML would hold up others


def in_other_media(request: Request, answer: Answer) -> Answer:
    """The answer in YAML if the client prefers it, an error in protobuf; else as it is. Streams stay as they are."""
    accept = request.environ.get("HTTP_ACCEPT")
    if accept is None or ("yaml" not in accept and MEDIA_TYPE not in accept):
        return answer
    if answer.status >= 400 and negotiation.prefers_protobuf(accept):
        return in_protobuf(request, answer)
    body = answer.body
    if not body or not isinstance(body, bytes) or answer.content_type != JSON or not request.path.startswith("/api"):
        return answer
    if not negotiation.wants_yaml(accept):
        return answer
    if request.loop is not None and not request.aside and len(body) > OFF_THE_LOOP:
        raise Offloaded(lambda: _in_yaml(answer, body))
    return _in_yaml(answer, body)


def _in_yaml(answer: Answer, body: bytes) -> Answer:
    text = yamlout.encode(msgspec.json.decode(body))
    return Answer(answer.status, text, negotiation.YAML, answer.headers)


def in_protobuf(request: Request, answer: Answer) -> Answer:
    """An answer in JSON that says its kind, in protobuf if the client prefers it and there is a message for the kind.
    Not for objects of the request's kind: ``read.forms`` knows whether those are shown so."""
    accept = request.environ.get("HTTP_ACCEPT")
    if accept is None or MEDIA_TYPE not in accept or not negotiation.prefers_protobuf(accept):
        return answer
    body = answer.body
    if answer.content_type != JSON or not isinstance(body, bytes) or not body.startswith(b"{"):
        return answer
    obj = msgspec.json.decode(body)
    encoded = protobuf.encode(obj) if isinstance(obj.get("kind"), str) else None
    return answer if encoded is None else Answer(answer.status, encoded, MEDIA_TYPE, answer.headers)


def in_form(form: negotiation.Form, obj: Object, status: int, headers: Sequence[tuple[str, str]]) -> Answer:
    """An object that says its kind, as an answer in that form."""
    encoded = protobuf.encode(obj) if form.protobuf else None
    if encoded is not None:
        return Answer(status, encoded, form.media, headers)
    return Answer(status, encode_json(obj), headers=headers)
