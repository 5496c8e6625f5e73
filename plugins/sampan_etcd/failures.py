"""What an error of etcd or of the connection to it means. The only module that knows etcd's error texts and codes.

Source: etcd api/v3rpc/rpctypes/error.go (texts unchanged from 3.4 to 3.6); gRPC status codes.
"""

from __future__ import annotations

from enum import Enum, auto

import grpc

from sampan.contracts.store import Unavailable
from sampan.errors import SampanError, TooLarge


class FailureKind(Enum):
    """What follows from a failure."""

    COMPACTED = auto()  # the revision asked for is gone
    FUTURE = auto()  # and that one is not there yet
    NO_LEASE = auto()  # the lease has run out
    TOO_LARGE = auto()
    NOT_KNOWN = auto()  # not authenticated: log in (again)
    NOT_DONE = auto()  # certainly not carried out; retry with another member or later
    UNSURE = auto()  # it may have been carried out
    REFUSED = auto()  # and will be next time


#: Beginnings of what follows ``etcdserver: ``.
_SAID = {
    "mvcc: required revision has been compacted": FailureKind.COMPACTED,
    "mvcc: required revision is a future revision": FailureKind.FUTURE,
    "requested lease not found": FailureKind.NO_LEASE,
    "request is too large": FailureKind.TOO_LARGE,
    "too many operations": FailureKind.TOO_LARGE,
    "invalid auth token": FailureKind.NOT_KNOWN,
    "user name is empty": FailureKind.NOT_KNOWN,
    "revision of auth store is old": FailureKind.NOT_KNOWN,
    "no leader": FailureKind.NOT_DONE,
    "too many requests": FailureKind.NOT_DONE,
    "not capable": FailureKind.NOT_DONE,
    "mvcc: database space exceeded": FailureKind.REFUSED,
}
#: Beginnings of what gRPC says of a request that never left.
_NEVER_LEFT = ("failed to connect to all addresses", "DNS resolution failed", "connections to all backends failing")
_TOO_LARGE_FOR_GRPC = "received message larger than max"
_UNSURE = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
}


class Failure(Exception):
    """A call that brought no answer."""

    def __init__(self, meaning: FailureKind, text: str) -> None:
        super().__init__(text)
        self.meaning = meaning

    def as_error(self) -> SampanError:
        """As the store's caller gets it."""
        if self.meaning is FailureKind.TOO_LARGE:
            return TooLarge(f"etcd: {self} (--max-request-bytes and --max-txn-ops of its members)")
        return Unavailable(f"etcd: {self}")


def failure(error: grpc.RpcError) -> Failure:
    """What a call's error means."""
    code, text = error.code(), error.details() or ""
    found = spoken(text)
    if found is not None:
        return found
    if text.startswith(_NEVER_LEFT):
        return Failure(FailureKind.NOT_DONE, text.partition(";")[0])
    if _TOO_LARGE_FOR_GRPC in text:
        return Failure(FailureKind.TOO_LARGE, text)
    return Failure(FailureKind.UNSURE if code in _UNSURE else FailureKind.REFUSED, text or code.name)


def spoken(text: str) -> Failure | None:
    """What etcd's own words mean, also as the reason for which it ends a watch; None where they are not known."""
    said = text.rpartition(" desc = ")[2].removeprefix("etcdserver: ")
    for beginning, meaning in _SAID.items():
        if said.startswith(beginning):
            return Failure(meaning, text)
    return None
