"""Requests that the server turns away itself, and errors that reach it: how they are answered.

An application chooses the form by two attributes: ``refuse`` (a Refuse) and ``answer_error`` (an AnswerError). Without
them refusals are plain text and errors a 500.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sampan_http.answers import Answer, Reply

#: The answer for an error that the application raised after it had left the WSGI call; None: not one of its own.
AnswerError = Callable[[Exception], Answer | None]


class Refuse(Protocol):
    """Makes the answer for a refused request."""

    def __call__(self, code: int, message: str, *, retry_after: int = 0) -> Answer:
        """``retry_after`` in seconds; 0: not said."""


class Refused(Exception):
    """The request cannot be accepted; it is answered so and the connection is closed."""

    def __init__(self, code: int, message: str, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after  # seconds; 0: not said


def plain(code: int, message: str, *, retry_after: int = 0) -> Answer:
    """A Refuse for applications that have none."""
    return Reply(code, f"{message}\n".encode(), headers=(("Retry-After", str(retry_after)),) if retry_after else ())


def unknown(error: Exception) -> Answer | None:
    """An AnswerError for applications that have none."""
    return None
