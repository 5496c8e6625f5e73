"""Answers in YAML, for the few clients that prefer it: made from the JSON, off the loop where it is long."""

from __future__ import annotations

import msgspec

from sampan.contracts.serving import Answer
from sampan_http.handoff import Offloaded
from sampan_machinery import yamlout
from sampan_server.request import negotiation
from sampan_server.request.request import Request

JSON = "application/json"
OFF_THE_LOOP = 16 << 10  # bytes of JSON from which writing YAML would hold up others


def in_yaml(request: Request, answer: Answer) -> Answer:
    """The answer in YAML if the client prefers it, else as it is. Streams stay JSON."""
    accept = request.environ.get("HTTP_ACCEPT")
    if accept is None or "yaml" not in accept or not negotiation.wants_yaml(accept):
        return answer
    body = answer.body
    if not isinstance(body, bytes) or answer.content_type != JSON or not request.path.startswith("/api"):
        return answer
    if request.loop is not None and not request.aside and len(body) > OFF_THE_LOOP:
        raise Offloaded(lambda: _written(answer, body))
    return _written(answer, body)


def _written(answer: Answer, body: bytes) -> Answer:
    text = yamlout.encode(msgspec.json.decode(body))
    return Answer(answer.status, text, negotiation.YAML, answer.headers)
