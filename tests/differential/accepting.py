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
    Accepted(r"columnDefinitions\[\]\.description", "descriptions of columns are prose of upstream's, and not ours"),
    Accepted(r"projected.sources: fewer items .* openshift-service-ca.crt", "the peer is built from OpenShift's fork, which "
             "mounts a certificate of its own"),
    Accepted(r"apiservices\S* (object|table) (status|rows)", "the peer looks after APIServices in the API server, sampan in "
             "a reconciler, which does not run here"),
    Accepted(r" managedFields ", "owned fields are being mended elsewhere", "managed"),
    Accepted(r"adds empty (list|dict)", "omitted empties are being mended elsewhere", "empties"),
    Accepted(r"(items|object)\[\]\.(kind|apiVersion): adds text", "list items are being mended elsewhere", "items"),
)


def reason(difference: Difference, ignored: Collection[str]) -> str:
    """Why the difference is accepted; "" where it is not."""
    for entry in ACCEPTED:
        if (not entry.topic or entry.topic in ignored) and re.search(entry.pattern, difference.line):
            return entry.reason
    return ""
