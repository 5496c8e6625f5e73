"""Requests the server itself turns away, before any application sees them."""

from __future__ import annotations

import json

from sampan.contracts.serving import Answer
from sampan.errors import StatusError

#: Reasons as upstream's status errors name them; "" where upstream has none (meta/v1 StatusReasonUnknown).
_REASONS = {
    400: "BadRequest",
    405: "MethodNotAllowed",
    408: "Timeout",
    413: "RequestEntityTooLarge",
    429: "TooManyRequests",
    500: "InternalError",
}


class Refused(Exception):
    """The request cannot be accepted; answered with a Status and the connection is closed."""

    def __init__(self, code: int, message: str, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after  # seconds; 0: not said


def refusal(code: int, message: str, *, retry_after: int = 0) -> Answer:
    """An Answer whose body is a meta/v1 Status."""
    status = {
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
    headers = (("Retry-After", str(retry_after)),) if retry_after else ()
    return Answer(code, json.dumps(status).encode(), headers=headers)


def failure(error: StatusError) -> Answer:
    """The Answer for a StatusError that reached the server."""
    headers = (("Retry-After", str(error.retry_after)),) if error.retry_after else ()
    return Answer(error.code, json.dumps(error.to_status()).encode(), headers=headers)
