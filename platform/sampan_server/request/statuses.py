"""Errors as answers: the Status object, its headers, and the words upstream's clients know."""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from sampan.contracts.kinds import Resource
from sampan.contracts.serving import Answer
from sampan.contracts.store import Full, Unavailable, Unusable
from sampan.errors import AlreadyExists, Conflict, InternalError, NotFound, ServiceUnavailable, StatusError

log = logging.getLogger(__name__)

encode = msgspec.json.Encoder().encode

#: Reasons for refusals as upstream names them (meta/v1 StatusReason); others have none there.
_REASONS = {
    400: "BadRequest",
    405: "MethodNotAllowed",
    408: "Timeout",
    413: "RequestEntityTooLarge",
    429: "TooManyRequests",
    500: "InternalError",
}


def answer_error(error: Exception) -> Answer:
    """What a client is told; unknown errors are logged here, once, and answered without details."""
    if isinstance(error, Full | Unusable):
        # Kubernetes answers 500 for a store without room. 503 says the same of whose fault it is, and clients know it.
        # Clients try again as often as Retry-After asks, so a store that needs an operator asks for nothing.
        error = ServiceUnavailable(str(error), retry_after=1 if isinstance(error, Full) else 0)
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
        headers.append(("Connection", "close"))  # a caller who is not known keeps no connection
    return Answer(error.code, encode(error.to_status()), headers=headers)


def own_error(error: Exception) -> Answer | None:
    """The answer for a StatusError; else None. For the HTTP server, where an error comes after the chain."""
    return answer_error(error) if isinstance(error, StatusError) else None


def refusal(code: int, message: str, *, retry_after: int = 0) -> Answer:
    """What the HTTP server answers before any request exists, as a Status."""
    status: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": _REASONS.get(code, ""),
        "code": code,
    }
    if retry_after:
        status["details"] = {"retryAfterSeconds": retry_after}
    return Answer(code, encode(status), headers=(("Retry-After", str(retry_after)),) if retry_after else ())


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
