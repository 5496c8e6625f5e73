"""Answers to requests that the server itself refuses, and to errors raised outside the WSGI call.

An application chooses their form by two attributes: ``refuse`` (a Refuse) and ``answer_error`` (an AnswerError).
Without them, refusals are plain text and errors are answered 500.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sampan_http.answers import Answer, Reply

#: Returns the answer for an error that the application raised outside the WSGI call; None: not a known error.
AnswerError = Callable[[Exception], Answer | None]


class Refuse(Protocol):
    """Makes the answer for a refused request."""

    def __call__(self, code: int, message: str, *, retry_after: int = 0) -> Answer:
        """``retry_after`` in seconds; 0: no Retry-After header."""


class Refused(Exception):
    """The request is refused: the server answers with ``code`` and closes the connection."""

    def __init__(self, code: int, message: str, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after  # seconds; 0: no Retry-After header


def plain(code: int, message: str, *, retry_after: int = 0) -> Answer:
    """The Refuse of applications without one."""
    return Reply(code, f"{message}\n".encode(), headers=(("Retry-After", str(retry_after)),) if retry_after else ())


def unknown(error: Exception) -> Answer | None:
    """The AnswerError of applications without one."""
    return None
