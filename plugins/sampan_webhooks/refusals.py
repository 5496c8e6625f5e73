"""What a client is told when a webhook refuses, or cannot be called. Source: apiserver's plugin/webhook/errors."""

from __future__ import annotations

from typing import Any, TypeVar

from sampan.errors import BadRequest, Cause, InternalError, StatusError, Timeout

Refusal = TypeVar("Refusal", bound=StatusError)


class Denied(StatusError):
    """A webhook's own status, with its code and reason."""

    final = True

    def __init__(self, status: dict[str, Any]) -> None:
        super().__init__(str(status["message"]))
        self._status = status
        vars(self).update(code=status["code"], reason=status.get("reason") or "")

    def to_status(self) -> dict[str, Any]:
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, **self._status}


class CallingFailed(Exception):
    """A webhook could not be called, or gave no usable answer: its failure policy counts."""

    def __init__(self, webhook: str, why: str) -> None:
        super().__init__(f'failed calling webhook "{webhook}": {why}')


def denied(webhook: str, status: dict[str, Any] | None) -> Denied:
    """The refusal, worded as upstream whatever the webhook leaves out."""
    given = status or {}
    code = given.get("code")
    code = code if isinstance(code, int) and not isinstance(code, bool) and 400 <= code <= 599 else 400
    message, reason = given.get("message"), given.get("reason")
    told = f'admission webhook "{webhook}" denied the request'
    if isinstance(message, str) and message:
        told = f"{told}: {message}"
    elif isinstance(reason, str) and reason:
        told = f"{told}: {reason}"
    else:
        told = f"{told} without explanation"
    found: dict[str, Any] = {"status": "Failure", "message": told, "code": code}
    if isinstance(reason, str) and reason:
        found["reason"] = reason
    if isinstance(given.get("details"), dict):
        found["details"] = given["details"]
    return Denied(found)


def failed_closed(failure: Exception) -> InternalError:
    return _final(InternalError(f"Internal error occurred: {failure}", causes=(Cause("", str(failure)),)))


def no_dry_run(webhook: str) -> BadRequest:
    return _final(BadRequest(f'admission webhook "{webhook}" does not support dry run'))


def too_late() -> Timeout:
    return _final(Timeout("Timeout: request did not complete within requested timeout"))


def _final(error: Refusal) -> Refusal:
    """The webhook is not asked again because other writes came meanwhile."""
    error.final = True
    return error
