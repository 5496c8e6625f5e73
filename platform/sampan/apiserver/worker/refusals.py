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
    500: "InternalError",
}


class Refused(Exception):
    """The request cannot be accepted; answered with a Status and the connection is closed."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def refusal(code: int, message: str) -> Answer:
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
    return Answer(code, json.dumps(status).encode())


def failure(error: StatusError) -> Answer:
    """The Answer for a StatusError that reached the server."""
    headers = (("Retry-After", str(error.retry_after)),) if error.retry_after else ()
    return Answer(error.code, json.dumps(error.to_status()).encode(), headers=headers)
