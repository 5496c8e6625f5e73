"""The OpenAPI v2 document with those of the servers that serve other group versions: fetched when it is asked for.

Whether one has changed is told by the hash of its version 3 document, which the delegation knows anyway: so nothing is
fetched before a client asks for version 2.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence

from sampan.contracts.serving import Delegated
from sampan_machinery.openapi import parts
from sampan_machinery.openapi.documents import V2, Documents, Other

log = logging.getLogger(__name__)

AGAIN = 10.0
Facts = tuple[tuple[str, str, str], ...]


def facts_of(delegated: Sequence[Delegated]) -> Facts:
    """What tells whether the joined document is another one."""
    return tuple((each.group, each.version, each.openapi) for each in delegated)


def asked(delegated: Sequence[Delegated]) -> list[Delegated]:
    """Those that may have a document and answer now."""
    return [each for each in delegated if each.openapi_v2 is not None and not each.stale]


class Joined:
    """The document of these kinds and of these other servers. Thread-safe."""

    def __init__(
        self, own: Documents, delegated: Sequence[Delegated], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.own = own
        self.facts = facts_of(delegated)
        self._delegated = delegated
        self._clock = clock
        self._made: Documents | None = None
        self._complete, self._again = False, 0.0
        self._lock = threading.Lock()

    def etag(self) -> str:
        return hashlib.sha256(f"{self.own.etag(V2)} {self.facts}".encode()).hexdigest()[:32].upper()

    def is_made(self, name: str) -> bool:
        return self._complete and self._made is not None and self._made.is_made(name)

    def documents(self) -> tuple[Documents, bool]:
        """With what the servers say now, and whether all have answered. Blocks; one that has not answered is asked
        again at the next request after AGAIN seconds."""
        with self._lock:
            if self._made is not None and (self._complete or self._clock() < self._again):
                return self._made, self._complete
            found = [_said(each) for each in self._delegated]
            self._made = self.own.joined([each for each in found if each is not None and each.document])
            self._complete, self._again = None not in found, self._clock() + AGAIN
            return self._made, self._complete


def _said(delegated: Delegated) -> Other | None:
    """None where its server does not answer, without a document where it has none that can be read."""
    group, version = delegated.group, delegated.version
    try:
        document = delegated.openapi_v2() if delegated.openapi_v2 is not None else b""
        if document is None:
            return None
        return Other(group, version, parts.extract(document, group, version) if document else b"")
    except ValueError as error:
        log.warning("the document of %s/%s is not joined to /openapi/v2: %s", group, version, error)
    except Exception:
        log.exception("the document of %s/%s cannot be had", group, version)
    return Other(group, version, b"")
