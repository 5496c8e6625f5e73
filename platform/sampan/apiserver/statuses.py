"""Errors as answers: the Status object, its headers, and the words upstream's clients know."""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from sampan.contracts.kinds import Resource
from sampan.contracts.serving import Answer
from sampan.contracts.store import Unavailable
from sampan.errors import AlreadyExists, Conflict, InternalError, NotFound, ServiceUnavailable, StatusError

log = logging.getLogger(__name__)

encode = msgspec.json.Encoder().encode


def answer_error(error: Exception) -> Answer:
    """What a client is told; unknown errors are logged here, once, and answered without details."""
    if isinstance(error, Unavailable):
        error = ServiceUnavailable(f"the store cannot answer now: {error}", retry_after=1)
    if not isinstance(error, StatusError):
        log.error("a request failed", exc_info=error)
        error = InternalError("Internal error occurred: the server's log has the details")
    headers: list[tuple[str, str]] = []
    if error.retry_after:
        headers.append(("Retry-After", str(error.retry_after)))
    if error.code == 401:
        headers.append(("WWW-Authenticate", 'Bearer realm="sampan"'))
    return Answer(error.code, encode(error.to_status()), headers=headers)


def success(resource: Resource, name: str, uid: str) -> dict[str, Any]:
    """The Status that says an object was deleted."""
    details = {"name": name, "kind": resource.plural, "uid": uid}
    if resource.group:
        details["group"] = resource.group
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def not_found(resource: Resource, name: str) -> NotFound:
    return NotFound(
        f'{resource.group_resource} "{name}" not found', group=resource.group, kind=resource.plural, name=name
    )


def no_such_path() -> NotFound:
    return NotFound("the server could not find the requested resource", bare=True)


def already_exists(resource: Resource, name: str, *, deleting: bool = False) -> AlreadyExists:
    before = "object is being deleted: " if deleting else ""
    return AlreadyExists(
        f'{before}{resource.group_resource} "{name}" already exists',
        group=resource.group,
        kind=resource.plural,
        name=name,
    )


def conflict(resource: Resource, name: str, why: str = "") -> Conflict:
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    return Conflict(
        f'Operation cannot be fulfilled on {resource.group_resource} "{name}": {why}',
        group=resource.group,
        kind=resource.plural,
        name=name,
    )
