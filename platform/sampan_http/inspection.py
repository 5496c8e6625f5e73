"""What an application says of a request by its head alone, so that a body is read only where it is wanted.

An application that has an attribute ``inspect_head`` is asked where a body does not come together with its head. Knows
nothing of what the application looks at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sampan_http.answers import Answer
from sampan_http.heads import Environ


class Inspected(NamedTuple):
    """``refusal``: the answer in place of reading the body; the connection ends with it. ``account``: who the body
    counts for."""

    refusal: Answer | None
    account: str = ""


#: Called on the loop: it must not block.
Inspect = Callable[[Environ], Inspected]


def accept(environ: Environ) -> Inspected:
    """For applications that have nothing to say."""
    return Inspected(None)
