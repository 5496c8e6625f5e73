"""What was sent and answered, as JSON for an event. Runs on the thread that writes the log, never for a request."""

from __future__ import annotations

from typing import Any

import msgspec

from sampan.errors import StatusError
from sampan_audit.events import Event
from sampan_audit.policy import REQUEST, RESPONSE
from sampan_machinery.media import PROTOBUF, YAML_TYPES
from sampan_machinery.protobuf.table import MAGIC

_WRITES = ("create", "update", "patch", "delete")
_YAML = YAML_TYPES | {"application/apply-patch+yaml"}


class _Metadata(msgspec.Struct):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resourceVersion: str = ""


class _Answer(msgspec.Struct):
    """The few fields of an answer that are logged at every level."""

    kind: str = ""
    metadata: _Metadata | None = None
    status: Any = None
    message: str = ""
    reason: str = ""


_decode = msgspec.json.Decoder(_Answer).decode


def complete(event: Event, level: int, sent: bytes, media: str, answer: bytes, *, managed_fields: bool) -> None:
    """Put into the event what its level asks for."""
    reference = event.get("objectRef")
    if reference is None:
        return
    if answer.startswith(MAGIC) and (level >= RESPONSE or event["verb"] in _WRITES):
        answer = msgspec.json.encode(as_object(answer, PROTOBUF))
    if answer[:1] == b"{":
        _note_answer(event, reference, answer)
    if level >= REQUEST and sent:
        event["requestObject"] = without_managed_fields(as_object(sent, media), keep=managed_fields)
    if level >= RESPONSE and answer[:1] == b"{":
        event["responseObject"] = without_managed_fields(as_object(answer, "application/json"), keep=managed_fields)


def _note_answer(event: Event, reference: dict[str, str], answer: bytes) -> None:
    status = event.get("responseStatus")
    failed = status is not None and status.get("code", 0) >= 400
    if not failed and event["verb"] not in _WRITES:
        return
    try:
        found = _decode(answer)
    except msgspec.MsgspecError:
        return
    if found.kind == "Status":
        if status is not None and failed:
            status.update({"status": "Failure", "message": found.message, "reason": found.reason})
    elif found.metadata is not None:
        for key in ("namespace", "name", "uid", "resourceVersion"):
            value = getattr(found.metadata, key)
            if value and not reference.get(key):
                reference[key] = value


def as_object(data: bytes, media: str) -> Any:
    """The value in a body; a sentence where it cannot be read, for a client may send anything."""
    try:
        if media == PROTOBUF:
            from sampan_machinery.protobuf import decoding as protobuf

            return protobuf.decode(data)
        if media in _YAML:
            from sampan_machinery import yamlin

            return yamlin.decode(data)
        return msgspec.json.decode(data)
    except (StatusError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return f"{len(data)} bytes of {media} that cannot be read"


def without_managed_fields(value: Any, *, keep: bool) -> Any:
    """The object, or list of objects, without ``metadata.managedFields``; changed in place."""
    if keep or not isinstance(value, dict):
        return value
    for each in (value, *(value.get("items") or ())):
        metadata = each.get("metadata") if isinstance(each, dict) else None
        if isinstance(metadata, dict):
            metadata.pop("managedFields", None)
    return value
