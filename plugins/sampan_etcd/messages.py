"""The few messages of etcd's API that a store needs, as bytes. Knows the field numbers and nothing of gRPC.

Source: etcd API v3, rpc.proto and kv.proto (the same numbers in 3.4, 3.5 and 3.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sampan_etcd.wire import block, fields, number, varint

RANGE = "/etcdserverpb.KV/Range"
TXN = "/etcdserverpb.KV/Txn"
COMPACT = "/etcdserverpb.KV/Compact"
WATCH = "/etcdserverpb.Watch/Watch"
LEASE_GRANT = "/etcdserverpb.Lease/LeaseGrant"
AUTHENTICATE = "/etcdserverpb.Auth/Authenticate"

EVERYTHING = b"\0"  # as key and as range end: all keys there are
_MOD = number(2, 2)  # what a Compare looks at


class KeyValue(NamedTuple):
    """etcd's KeyValue."""

    key: bytes
    value: bytes
    created: int
    modified: int


class RangeResult(NamedTuple):
    """Answer to a Range."""

    revision: int
    pairs: list[KeyValue]
    more: bool
    total: int  # keys in the range, also those beyond the limit


class TxnResult(NamedTuple):
    """Answer to a Txn; where it did not succeed, what its failure branch read (one list per Range)."""

    revision: int
    succeeded: bool
    found: list[list[KeyValue]]


class Event(NamedTuple):
    deleted: bool
    pair: KeyValue
    previous: KeyValue | None


class WatchResponse(NamedTuple):
    """One message of a watch."""

    revision: int
    events: list[Event]
    created: bool
    canceled: bool
    compacted: int  # the oldest revision that is still there, when canceled for that
    reason: str
    fragment: bool  # the next message goes on with the same batch


# requests


def range_request(
    key: bytes,
    end: bytes = b"",
    *,
    limit: int = 0,
    revision: int = 0,
    keys_only: bool = False,
    count_only: bool = False,
) -> bytes:
    return b"".join((
        block(1, key), block(2, end) if end else b"", number(3, limit), number(4, revision),
        number(8, keys_only), number(9, count_only),
    ))  # fmt: skip


def put_op(key: bytes, value: bytes, lease: int = 0) -> bytes:
    return block(2, block(1, key) + block(2, value) + number(3, lease))


def delete_op(key: bytes) -> bytes:
    return block(3, block(1, key))


def look_op(key: bytes) -> bytes:
    """Read the key without its value."""
    return block(1, range_request(key, keys_only=True))


def unmodified_since(key: bytes, revision: int) -> bytes:
    """A condition: the key was last written by that revision; 0: it is absent."""
    return _MOD + block(3, key) + varint(6 << 3) + varint(revision)  # also 0: it selects a field of a oneof


def txn_request(conditions: Sequence[bytes], success: Sequence[bytes], failure: Sequence[bytes]) -> bytes:
    return b"".join((
        *(block(1, condition) for condition in conditions),
        *(block(2, op) for op in success),
        *(block(3, op) for op in failure),
    ))  # fmt: skip


def watch_request(key: bytes, end: bytes, start: int) -> bytes:
    """Everything from a revision on, with previous values, large batches in fragments."""
    return block(1, block(1, key) + block(2, end) + number(3, start) + number(6, 1) + number(8, 1))


def compaction_request(revision: int) -> bytes:
    return number(1, revision)


def lease_request(seconds: int) -> bytes:
    return number(1, seconds)


def authenticate_request(name: str, password: str) -> bytes:
    return block(1, name.encode()) + block(2, password.encode())


# answers


def read_found(data: bytes, start: int = 0, end: int | None = None) -> RangeResult:
    revision = total = 0
    more = False
    pairs: list[KeyValue] = []
    for field, value, stop in fields(data, start, end):
        if field == 2:
            pairs.append(_pair(data, value, stop))
        elif field == 1:
            revision = _revision(data, value, stop)
        elif field == 3:
            more = bool(value)
        elif field == 4:
            total = value
    return RangeResult(revision, pairs, more, total)


def read_outcome(data: bytes) -> TxnResult:
    revision = 0
    succeeded = False
    found: list[list[KeyValue]] = []
    for field, value, stop in fields(data):
        if field == 1:
            revision = _revision(data, value, stop)
        elif field == 2:
            succeeded = bool(value)
        elif field == 3:
            found.extend(read_found(data, at, to).pairs for kind, at, to in fields(data, value, stop) if kind == 1)
    return TxnResult(revision, succeeded, found)


def read_news(data: bytes) -> WatchResponse:
    revision = compacted = 0
    created = canceled = fragment = False
    reason = ""
    events: list[Event] = []
    for field, value, stop in fields(data):
        if field == 11:
            events.append(_event(data, value, stop))
        elif field == 1:
            revision = _revision(data, value, stop)
        elif field == 3:
            created = bool(value)
        elif field == 4:
            canceled = bool(value)
        elif field == 5:
            compacted = value
        elif field == 6:
            reason = data[value:stop].decode(errors="replace")
        elif field == 7:
            fragment = bool(value)
    return WatchResponse(revision, events, created, canceled, compacted, reason, fragment)


def read_lease(data: bytes) -> tuple[int, int]:
    """(id, seconds granted); raises ValueError where none was."""
    id = seconds = 0
    for field, value, stop in fields(data):
        if field == 2:
            id = value
        elif field == 3:
            seconds = value
        elif field == 4 and stop > value:
            raise ValueError(data[value:stop].decode(errors="replace"))
    return id, seconds


def read_token(data: bytes) -> str:
    return "".join(data[value:stop].decode() for field, value, stop in fields(data) if field == 2)


def _pair(data: bytes, start: int, end: int) -> KeyValue:
    key = content = b""
    created = modified = 0
    for field, value, stop in fields(data, start, end):
        if field == 1:
            key = data[value:stop]
        elif field == 2:
            created = value
        elif field == 3:
            modified = value
        elif field == 5:
            content = data[value:stop]
    return KeyValue(key, content, created, modified)


def _event(data: bytes, start: int, end: int) -> Event:
    deleted = False
    pair = KeyValue(b"", b"", 0, 0)
    previous = None
    for field, value, stop in fields(data, start, end):
        if field == 1:
            deleted = value == 1
        elif field == 2:
            pair = _pair(data, value, stop)
        elif field == 3:
            previous = _pair(data, value, stop)
    return Event(deleted, pair, previous)


def _revision(data: bytes, start: int, end: int) -> int:
    """Of a ResponseHeader."""
    for field, value, _ in fields(data, start, end):
        if field == 3:
            return value
    return 0
