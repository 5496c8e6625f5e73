"""Differences that are meant to be, and why. An entry's pattern is searched in ``where aspect path: shape | ours | peers``.

``topic`` names a class that can be left out of a report with ``--ignore``; others hide an entry only where it is a fact
of the two servers. A pattern that matches too much hides faults: each is as narrow as its reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from differing import Difference


class Accepted(NamedTuple):
    pattern: str
    reason: str
    topic: str = ""  # accepted only where --ignore names it


ACCEPTED: tuple[Accepted, ...] = (
    Accepted(r" managedFields ", "owned fields are being mended elsewhere", "managed"),
    Accepted(r"adds empty (list|dict)", "omitted empties are being mended elsewhere", "empties"),
    Accepted(r"items\[\]\.(kind|apiVersion): adds text", "list items are being mended elsewhere", "items"),
)


def reason(difference: Difference, ignored: Collection[str]) -> str:
    """Why the difference is accepted; "" where it is not."""
    for entry in ACCEPTED:
        if (not entry.topic or entry.topic in ignored) and re.search(entry.pattern, difference.line):
            return entry.reason
    return ""
