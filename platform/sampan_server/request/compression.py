"""gzip for big answers, where the client takes it. Upstream does the same from 128 KB on, at level 1 (KEP-2338)."""

from __future__ import annotations

import zlib

from sampan.contracts.serving import Answer
from sampan_http.handoff import Offloaded
from sampan_server.request.request import Request

FROM = 128 << 10  # bytes
OFF_THE_LOOP = 1 << 20  # bytes from which compressing would hold up others


def compressed(request: Request, answer: Answer) -> Answer:
    """The answer, gzipped if that is worth it; large ones on the pool where there is one."""
    body = answer.body
    if not isinstance(body, bytes) or len(body) < FROM or answer.status != 200:
        return answer
    if "gzip" not in request.environ.get("HTTP_ACCEPT_ENCODING", ""):
        return answer
    if request.loop is not None and len(body) > OFF_THE_LOOP:
        raise Offloaded(lambda: _gzip(answer, body))
    return _gzip(answer, body)


def _gzip(answer: Answer, body: bytes) -> Answer:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    small = packer.compress(body) + packer.flush()
    headers = [*answer.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    return Answer(answer.status, small, answer.content_type, headers)
