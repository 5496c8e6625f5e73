"""Reading a request's body within its limits, and what kind of text it is."""

from __future__ import annotations

from typing import Any

from sampan.errors import BadRequest, TooLarge
from sampan_machinery import extent, jsontext
from sampan_server.request.request import Request

LARGEST = 3 << 20  # bytes, as upstream


def read(request: Request) -> bytes:
    """The whole body, JSON with U+FFFD for what is no text; raises TooLarge, also for JSON with too many values."""
    data = _read(request)
    if request.kept is not None:
        request.kept = data
    if len(data) >= extent.FROM and data.lstrip()[:1] in (b"{", b"["):
        extent.check(data)
    return jsontext.repaired(data) if media_of(request).endswith(("json", "*/*")) else data


def _read(request: Request) -> bytes:
    environ: dict[str, Any] = request.environ
    length = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    if length:
        size = int(length)
        if size > LARGEST:
            raise too_large()
        data: bytes = stream.read(size) if size else b""
        if len(data) < size:
            raise BadRequest("the body ended before its announced length")
        return data
    if environ.get("wsgi.input_terminated") or environ.get("HTTP_TRANSFER_ENCODING"):
        data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise too_large()
        return data
    return b""


def too_large() -> TooLarge:
    return TooLarge(f"the request is larger than {LARGEST} bytes: limit is {LARGEST}")


def media_of(request: Request) -> str:
    """The body's media type without parameters; JSON when unsaid."""
    text: str = request.environ.get("CONTENT_TYPE") or "application/json"
    return text.partition(";")[0].strip().lower()
