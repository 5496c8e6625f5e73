"""Lets an application refuse a request by its head alone, before the body is read.

An application's attribute ``inspect_head`` is called if the body has not arrived together with the head. Knows nothing
of what the application checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sampan_http.answers import Answer
from sampan_http.heads import Environ


class Inspected(NamedTuple):
    """``refusal``: sent instead of reading the body; then the connection is closed. ``account``: the account that the
    body is counted for."""

    refusal: Answer | None
    account: str = ""


#: Called on the loop: it must not block.
Inspect = Callable[[Environ], Inspected]


def accept(environ: Environ) -> Inspected:
    """The Inspect of applications without ``inspect_head``."""
    return Inspected(None)
